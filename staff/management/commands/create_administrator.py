from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from staff import services
from staff.choices import Role
from staff.models import Unit


class Command(BaseCommand):
    help = "建立一名系统管理员，打印一次性密码（首次登录须修改）。首次安装时同时建立公司本身。"

    def add_arguments(self, parser):
        parser.add_argument("employee_number", help="工号")
        parser.add_argument("name", help="姓名")
        parser.add_argument("--unit-code", default="HQ", help="所在单位代码，默认 HQ")
        parser.add_argument("--unit-name", default="公司本部", help="单位不存在时以此名称建立")

    @transaction.atomic
    def handle(self, *, employee_number, name, unit_code, unit_name, **options):
        try:
            unit = Unit.objects.filter(code=unit_code).first() or services.create_unit(
                actor=None, name=unit_name, code=unit_code
            )
            user = services.create_user(actor=None, employee_number=employee_number, name=name, unit=unit)
            services.assign_post(actor=None, user=user, role=Role.ADMINISTRATOR)
            password = services.reset_password(actor=None, user=user)
        except ValidationError as error:
            raise CommandError("；".join(error.messages)) from error
        self.stdout.write(f"系统管理员 {name}，工号 {employee_number}，一次性密码：{password}")
