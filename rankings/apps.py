from django.apps import AppConfig

LEDGER_WORDS = {
    "ranking.freeze": "冻结年度排名",
    "ranking.publish": "公布年度排名",
    "ranking.correct": "更正年度排名",
    "policy.copy": "编制奖惩标准",
    "policy.edit": "修改奖惩标准草稿",
    "policy.publish": "发布奖惩标准",
    "policy.discard": "删除奖惩标准草稿",
    "settlement.propose": "提出奖惩结算",
    "settlement.approve": "批准奖惩结算",
    "settlement.withdraw": "撤回奖惩结算",
    "award.appeal": "奖惩申诉",
    "award.decide": "处理奖惩申诉",
    "award.notice": "签发奖惩通知书",
    "attendance.record": "登记考勤与纪律",
    "attendance.withdraw": "撤销考勤与纪律记录",
}


class RankingsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "rankings"
    verbose_name = "年度排名与奖惩"

    def ready(self):
        from deadlines import lapses, scopes
        from deadlines.choices import Event
        from ledger import checks, labels
        from rankings import clocks
        from rankings.policy_verification import attendance_matches, policies_match
        from rankings.ranking_verification import rankings_match
        from rankings.services.settling import window_over
        from rankings.settlement_verification import settlements_match

        labels.register(LEDGER_WORDS)
        for scope in clocks.scopes():
            scopes.register(scope)
        lapses.register(Event.AWARDS_POSTED, window_over)
        checks.register(settlements_match)
        checks.register(rankings_match)
        checks.register(policies_match)
        checks.register(attendance_matches)
