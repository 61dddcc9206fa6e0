from django import forms

from ledger.labels import all_actions


class EntryFilter(forms.Form):
    subject = forms.CharField(label="对象", required=False, max_length=100)
    number = forms.IntegerField(label="序号", required=False, min_value=1, max_value=2**62)
    since = forms.DateField(label="从", required=False)
    until = forms.DateField(label="至", required=False)
    actor = forms.CharField(label="经办人", required=False, max_length=60)
    action = forms.ChoiceField(label="事项", required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = [("", "全部"), *all_actions()]
        self.fields["subject"].widget.attrs["placeholder"] = "编号、名称、姓名"

    def clean(self):
        data = super().clean()
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            self.add_error("until", "结束日期不能早于开始日期。")
        return data
