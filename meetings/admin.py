from django import forms
from django.contrib import admin

from meetings.choices import PartyKind
from meetings.models import MeetingKind, Room
from staff.choices import Role
from staff.reference_admin import ReferenceAdmin


class _Words(forms.CharField):
    """A list of words, one a line."""

    widget = forms.Textarea(attrs={"rows": 5})

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value):
        return list(dict.fromkeys(line.strip() for line in super().clean(value).splitlines() if line.strip()))


def _several(label: str, choices, *, required: bool = True, help_text: str = "") -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label, choices=choices, required=required, empty_value=[], widget=forms.CheckboxSelectMultiple,
        help_text=help_text,
    )  # fmt: skip


class KindForm(forms.ModelForm):
    """The lists of a kind, ticked instead of typed as JSON."""

    called_by = _several("组织单位", PartyKind.choices)
    caller_roles = _several("可召集的角色", Role.choices, help_text="还须有“召集会议”的权限。")
    invited_parties = _several("须邀请的单位", PartyKind.choices, required=False)
    invited_roles = _several("须参加的本公司角色", Role.choices, required=False)
    topics = _Words(label="议题类别", required=False, help_text="每行一类。")

    class Meta:
        model = MeetingKind
        fields = ["code", "title", "group", "called_by", "caller_roles", "invited_parties", "invited_roles", "minutes_by",
                  "topics", "frequency", "clause", "order", "is_active"]  # fmt: skip


@admin.register(MeetingKind)
class MeetingKindAdmin(ReferenceAdmin):
    """Who may call, who must be invited, who writes the minutes: the 月例会制度 as data."""

    form = KindForm
    list_display = ["title", "group", "frequency", "minutes_by", "order", "is_active"]
    list_filter = ["group", "is_active"]
    search_fields = ["code", "title"]

    def get_readonly_fields(self, request, obj=None):
        # Meetings of this kind, and tests of the code, know it by that word.
        return ["code"] if obj else []


@admin.register(Room)
class RoomAdmin(ReferenceAdmin):
    list_display = ["name", "unit", "capacity", "is_active"]
    list_filter = ["unit", "is_active"]
    search_fields = ["name"]
