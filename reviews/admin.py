"""Reference data of the chain. What rounds have used keeps its shape: a changed route is a new route."""

from django.contrib import admin

from reviews.models import ChecklistItem, IssueNumberRule, Level, Round, Route, RouteDefault
from staff.reference_admin import ReferenceAdmin, ReferenceInline


def _is_in_use(route: Route | None) -> bool:
    return route is not None and Round.objects.filter(route=route).exists()


class LevelInline(ReferenceInline):
    model = Level
    show_change_link = True

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and not _is_in_use(obj)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not _is_in_use(obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not _is_in_use(obj)


@admin.register(Route)
class RouteAdmin(ReferenceAdmin):
    list_display = ["code", "title", "swing_percent", "is_active"]
    inlines = [LevelInline]


class ChecklistInline(ReferenceInline):
    """May change at any time: each signature keeps the text that it answered."""

    model = ChecklistItem


@admin.register(Level)
class LevelAdmin(ReferenceAdmin):
    """Reached from its route: the checklist of one level."""

    list_display = ["route", "order", "title", "role"]
    readonly_fields = ["route", "order", "kind", "role", "alternate_role", "is_scored", "is_exemptible",
                       "needs_certificate", "panel_size", "title"]  # fmt: skip
    inlines = [ChecklistInline]

    def has_module_permission(self, request):
        return False

    def has_add_permission(self, request):
        return False


@admin.register(RouteDefault)
class RouteDefaultAdmin(ReferenceAdmin):
    list_display = ["importance", "business_line", "route"]


@admin.register(IssueNumberRule)
class IssueNumberRuleAdmin(ReferenceAdmin):
    list_display = ["pattern", "is_active"]
