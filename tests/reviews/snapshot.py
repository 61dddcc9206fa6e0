"""What stands in the database, as values that can be compared: before and after something that must change nothing."""

from django.apps import apps

OURS = ("staff", "ledger", "notices", "scoring", "projects", "reviews")
# Reference data of the migrations: no act of the chain comes near it.
LEFT_OUT = {
    "staff.Unit", "staff.Certificate", "projects.Client", "projects.Discipline", "scoring.Criterion",
    "scoring.Deduction", "reviews.Route", "reviews.Level", "reviews.ChecklistItem", "reviews.RouteDefault",
    "reviews.IssueNumberRule",
}  # fmt: skip


def everything() -> dict[str, list[tuple]]:
    """Every row of every table of ours, by model."""
    models = (model for app in OURS for model in apps.get_app_config(app).get_models())
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values_list())
        for model in models
        if model._meta.label not in LEFT_OUT
    }
