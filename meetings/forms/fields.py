"""What the forms of meetings share."""

from django import forms

CHOOSE = "请选择"


class PersonField(forms.ModelChoiceField):
    """A person, told apart from namesakes by number and unit."""

    def label_from_instance(self, person) -> str:
        return f"{person.name}（{person.employee_number} · {person.unit.name}）"


class FactsForm(forms.ModelForm):
    """Takes what was typed and leaves its instance alone: the service checks the whole, and compares old with new."""

    def _post_clean(self):
        pass
