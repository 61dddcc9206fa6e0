from django.contrib import admin, messages
from django.core.exceptions import ValidationError

from scoring import services
from scoring.models import Criterion, Deduction, Standard
from staff.reference_admin import ReferenceAdmin, ReferenceInline


def _is_draft(standard: Standard | None) -> bool:
    return standard is None or standard.published_at is None


class CriterionInline(ReferenceInline):
    model = Criterion
    show_change_link = True

    def has_add_permission(self, request, obj=None):
        return _is_draft(obj)

    def has_change_permission(self, request, obj=None):
        return _is_draft(obj)

    def has_delete_permission(self, request, obj=None):
        return _is_draft(obj)


class DeductionInline(ReferenceInline):
    model = Deduction

    def has_add_permission(self, request, obj=None):
        return obj is not None and _is_draft(obj.standard)

    def has_change_permission(self, request, obj=None):
        return obj is not None and _is_draft(obj.standard)

    def has_delete_permission(self, request, obj=None):
        return obj is not None and _is_draft(obj.standard)


@admin.register(Standard)
class StandardAdmin(ReferenceAdmin):
    """Drafts are edited here; a published version is changed by copying it to the next."""

    list_display = ["title", "purpose", "version", "is_sample", "published_at", "frozen_at"]
    list_filter = ["purpose"]
    readonly_fields = ["published_at", "frozen_at"]
    inlines = [CriterionInline]
    actions = ["publish", "copy_to_new_version"]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and _is_draft(obj)

    @admin.action(description="发布所选草稿")
    def publish(self, request, queryset):
        for standard in queryset:
            try:
                services.publish_standard(actor=request.user, standard=standard)
            except ValidationError as error:
                self.message_user(request, f"{standard}：{''.join(error.messages)}", messages.ERROR)
            else:
                self.message_user(request, f"已发布：{standard}", messages.SUCCESS)

    @admin.action(description="复制为新版本（草稿）")
    def copy_to_new_version(self, request, queryset):
        for standard in queryset:
            draft = services.copy_standard(actor=request.user, standard=standard)
            self.message_user(request, f"已生成草稿：{draft}", messages.SUCCESS)


@admin.register(Criterion)
class CriterionAdmin(ReferenceAdmin):
    """Reached from its standard: the deductions of one criterion."""

    list_display = ["standard", "order", "title", "maximum"]
    fields = ["standard", "order", "title", "maximum"]
    readonly_fields = ["standard"]
    inlines = [DeductionInline]

    def has_module_permission(self, request):
        return False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or _is_draft(obj.standard))
