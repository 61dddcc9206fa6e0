from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from deadlines.services import import_year


class Command(BaseCommand):
    help = "导入国务院公布的节假日和调休安排；已设置的日期保持不变，计时中的时限不变。"

    def add_arguments(self, parser):
        parser.add_argument("years", nargs="+", type=int, metavar="YEAR", help="年份，可写多个")

    def handle(self, *, years, **options):
        for year in years:
            try:
                added = import_year(actor=None, year=year)
            except ValidationError as error:
                raise CommandError("；".join(error.messages)) from error
            self.stdout.write(f"{year} 年：新增 {added} 天")
