from django.apps import AppConfig

LEDGER_WORDS = {
    "deadline.start": "时限起算",
    "deadline.stop": "时限完成",
    "deadline.cancel": "时限作废",
    "deadline.reopen": "时限恢复计时（撤销完成）",
    "deadline.reassign": "时限责任人变更",
    "deadline.request": "申请变更时限",
    "deadline.request_withdraw": "撤回时限申请",
    "deadline.decide": "审批时限申请",
    "deadline.resume": "时限恢复计时",
    "deadline.shorten": "委托人缩短时限",
    "deadline.agree": "时限改按约定日期",
    "deadline.escalate": "逾期升级上报",
    "deadline.nudge": "催办",
    "deadline.follow": "时限随规则或日历调整",
    "time_rule.change": "修订时限规则",
    "calendar.import": "导入工作日历",
    "calendar.change": "调整工作日历",
    "calendar.hours": "调整作业时间",
    "feed.create": "生成日历订阅地址",
    "feed.revoke": "撤销日历订阅地址",
}


class DeadlinesConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "deadlines"
    verbose_name = "时限"

    def ready(self):
        from deadlines.verification import ended_clocks_match
        from ledger import checks, labels

        labels.register(LEDGER_WORDS)
        checks.register(ended_clocks_match)
