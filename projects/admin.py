from django.contrib import admin

from projects.models import Discipline


@admin.register(Discipline)
class DisciplineAdmin(admin.ModelAdmin):
    """Reference data. A discipline in use cannot be deleted; projects are kept in the site's own pages."""

    list_display = ["code", "name", "order"]
    list_editable = ["order"]
    search_fields = ["code", "name"]
