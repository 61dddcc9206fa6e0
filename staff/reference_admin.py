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
        """The record and the rows below it as they are now, and which fields the form changed."""
        rows = {}
        for inline in self.get_inline_instances(request, obj):
            parent = inline.get_formset(request, obj).fk.name
            below = inline.model._default_manager.filter(**{parent: obj}).order_by("pk")
            rows[inline.model._meta.model_name] = [_values(row) for row in below]
        announce(
            actor=request.user,
            action=action,
            subject=obj,
            data={"values": _values(obj), "rows": rows, "changes": message},
        )


def _values(record) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in model_to_dict(record).items()}


class ReferenceInline(admin.TabularInline):
    """Rows that belong to a reference record, edited on its page."""

    extra = 0
