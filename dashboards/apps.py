from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "dashboards"
    verbose_name = "工作台"

    def ready(self):
        from dashboards.demo.logins import by_assignments
        from staff import demo

        demo.register(by_assignments)
