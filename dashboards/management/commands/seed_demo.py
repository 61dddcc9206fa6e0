from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from dashboards.demo import firm
from staff.demo import demo_logins
from staff.models import User


class Command(BaseCommand):
    help = "建立演示公司：人员、项目、成果文件及各环节的校审记录。已建立的不再重复。仅用于演示环境（DEMO=1）。"

    def handle(self, **options):
        if not settings.DEMO:
            raise CommandError("演示账号的密码是公开的，只能在演示环境中建立：请设置 DEMO=1，或运行 make demo。")
        console = Console(file=self.stdout, width=None if self.stdout.isatty() else 100, highlight=False)
        if firm.is_there():
            console.print("演示数据已就绪。")
        elif User.objects.exists():
            raise CommandError("库中已有人员，演示数据只能建在空库中。")
        else:
            with console.status("正在建立演示公司（约一分钟）……"):
                firm.build()
        console.print(_table())
        console.print(f"请在浏览器中打开 {settings.SITE_URL} 登录；服务未启动时先运行 make demo。")


def _table() -> Table:
    table = Table(title="演示账号", title_justify="left")
    for column in ("工号", "姓名", "角色", "密码"):
        table.add_column(column, no_wrap=True)
    for login in demo_logins():
        table.add_row(login.employee_number, login.name, login.role, login.password)
    return table
