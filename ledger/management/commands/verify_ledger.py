import sys
from pathlib import Path

from django.core.management.base import BaseCommand

from ledger.checks import verify


class Command(BaseCommand):
    help = "核验证据链：逐行重算哈希，与已导出的链头比对；发现问题时退出码为 1。"

    def add_arguments(self, parser):
        parser.add_argument("--heads", type=Path, help="已导出的链头文件（默认为 LEDGER_HEADS_FILE）")

    def handle(self, *, heads, **options):
        if heads is not None and not heads.is_file():
            self.stderr.write(f"链头文件不存在：{heads}")
            sys.exit(1)
        result = verify(heads)
        for problem in result.problems:
            self.stderr.write(self.style.ERROR(problem))
        if not result.is_intact:
            sys.exit(1)
        self.stdout.write(
            f"证据链完整：{result.entries} 行，比对链头 {result.heads_checked} 个，末行哈希 {result.head}"
        )
