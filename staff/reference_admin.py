"""The base of every page of the admin site: reference data, nothing deleted, each change announced (and so in the ledger)."""

from django.contrib import admin
from django.forms.models import model_to_dict

from staff.hooks import announce


class ReferenceAdmin(admin.ModelAdmin):
    """Reference data that the administrator keeps. Rows in use are switched off, never deleted."""

    list_per_page = 50

    def has_delete_permission(self, request, obj=None):
        return False

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # Both are called inside the admin's transaction, after the row and its inlines are written.
    def log_addition(self, request, obj, message):
        self._announce(request, "reference.add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request, obj, message):
        self._announce(request, "reference.change", obj, message)
        return super().log_change(request, obj, message)

    def _announce(self, request, action, obj, message) -> None:
        values = {name: None if value is None else str(value) for name, value in model_to_dict(obj).items()}
        announce(actor=request.user, action=action, subject=obj, data={"values": values, "changes": message})


class ReferenceInline(admin.TabularInline):
    """Rows that belong to a reference record, edited on its page. What they became stands in the announcement's
    `changes`; an app whose inline rows decide something records them in full when they come into force."""

    extra = 0
