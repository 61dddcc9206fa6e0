from django import forms


class InboxFilter(forms.Form):
    q = forms.CharField(label="搜索", required=False, max_length=80)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs["placeholder"] = "成果、项目的编号或名称，编制人"

    @property
    def text(self) -> str:
        return self.cleaned_data.get("q", "").strip() if self.is_valid() else ""
