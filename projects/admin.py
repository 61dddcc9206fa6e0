from django.contrib import admin

from projects.models import Discipline
from staff.reference_admin import ReferenceAdmin


@admin.register(Discipline)
class DisciplineAdmin(ReferenceAdmin):
    """Reference data. Projects are kept in the site's own pages."""

    list_display = ["code", "name", "order"]
    list_editable = ["order"]
    search_fields = ["code", "name"]
