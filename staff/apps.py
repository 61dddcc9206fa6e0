from django.apps import AppConfig
from django.core.validators import DecimalValidator


class StaffConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "staff"
    verbose_name = "人员与权限"

    def ready(self):
        # Django's own Chinese for these ends in a Latin full stop.
        DecimalValidator.messages = {
            **DecimalValidator.messages,
            "max_digits": "总共不超过 %(max)s 位数字。",
            "max_decimal_places": "小数不超过 %(max)s 位。",
            "max_whole_digits": "小数点前不超过 %(max)s 位。",
        }
