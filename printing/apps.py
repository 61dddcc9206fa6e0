from django.apps import AppConfig
from django.core import checks


class PrintingConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "printing"
    verbose_name = "打印"

    def ready(self):
        from printing.checks import check_printing

        checks.register(check_printing)
