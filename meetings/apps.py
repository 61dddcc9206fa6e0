from django.apps import AppConfig

LEDGER_WORDS = {
    "party.create": "登记参建单位",
    "party.update": "修改参建单位",
    "contact.create": "登记参建单位联系人",
    "contact.update": "修改参建单位联系人",
    "series.create": "设立例会",
    "series.change": "修改例会",
    "series.end": "终止例会",
    "meeting.attendance": "会议：登记出席",
    "meeting.link": "会议：生成链接",
    "meeting.link_revoke": "会议：撤销链接",
    "meeting.paper": "会议：上传材料",
    "meeting.paper_remove": "会议：移除材料",
    "minutes.receive": "会议纪要：签收",
    "minutes.object": "会议纪要：提出异议",
    "minutes.answer": "会议纪要：答复异议",
    "minutes.supplement": "会议纪要：签发补充纪要",
    "action_item.create": "会议待办：登记",
    "action_item.change": "会议待办：修改",
    "action_item.done": "会议待办：报完成",
    "action_item.close": "会议待办：关闭",
    "action_item.reopen": "会议待办：退回",
    "action_item.drop": "会议待办：取消",
    "action_item.progress": "会议待办：记进展",
}


class MeetingsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "meetings"
    verbose_name = "会议"

    def ready(self):
        from deadlines import feed_sources, pages, rounds, scopes
        from ledger import checks, labels
        from meetings import clocks, invitations
        from meetings.choices import Act
        from meetings.models import ActionItem, Meeting
        from meetings.queries.action_items import duties_before_leaving
        from meetings.services.distributing import remind_due
        from meetings.services.minutes import start_due
        from meetings.services.series import make_due
        from meetings.services.withdrawing import withdraw_unseen
        from meetings.verification import minutes_match
        from meetings.verification_course import course_matches
        from meetings.verification_parties import parties_match, series_match
        from staff import duties

        checks.register(minutes_match)
        checks.register(course_matches)
        checks.register(parties_match)
        checks.register(series_match)
        rounds.register("meetings.receipts", remind_due)
        rounds.register("meetings.minutes", start_due)
        rounds.register("meetings.series", make_due)
        rounds.register("meetings.secrecy", withdraw_unseen)
        feed_sources.register("meetings", invitations.feed_events)

        for scope in clocks.scopes():
            scopes.register(scope)
        for kind in (Meeting, ActionItem):
            pages.register(kind._meta.label_lower, kind.objects.visible_to)
        duties.register(duties_before_leaving)
        labels.register(LEDGER_WORDS)
        labels.register({f"meeting.{act.value}": f"会议：{act.label}" for act in Act})
