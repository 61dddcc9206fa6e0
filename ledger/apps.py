from django.apps import AppConfig


class LedgerConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "ledger"
    verbose_name = "证据链"

    def ready(self):
        from ledger.services import record
        from staff import hooks

        # The ground floor cannot import the ledger; see staff/hooks.py.
        hooks.on_change(record)
