from django.core.management.base import BaseCommand, CommandError

from ledger.services import export_head


class Command(BaseCommand):
    help = "把证据链末行的序号和哈希追加到 LEDGER_HEADS_FILE（应放在数据库之外的介质上，每日执行）。"

    def handle(self, **options):
        try:
            head = export_head()
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"已导出第 {head['number']} 行：{head['hash']}")
