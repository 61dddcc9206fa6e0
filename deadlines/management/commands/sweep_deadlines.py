from django.core.management.base import BaseCommand

from deadlines.services import chores


class Command(BaseCommand):
    help = "处理一轮到期提醒：写入提醒和摘要，发送外发消息，每日核验证据链。供不运行后台进程、改用 cron 的部署使用。"

    def handle(self, **options):
        swept = chores.sweep()
        self.stdout.write(f"时限 {swept.clocks} 项，提醒 {swept.reminders} 条，通知 {swept.told} 条")
        sent = chores.deliver()
        self.stdout.write(
            f"摘要 {sent['digests']} 份；外发 {sent['sent']} 条，推迟 {sent['postponed']} 条，未送达 {sent['failed']} 条"
        )
        if verified := chores.look_after_ledger():
            self.stdout.write(f"证据链 {verified['entries']} 行，问题 {len(verified['problems'])} 处")
            for problem in verified["problems"]:
                self.stderr.write(self.style.ERROR(problem))
