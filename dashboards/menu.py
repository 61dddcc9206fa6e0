"""The menu on the left: which pages there are, and who finds a link to them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from staff.choices import Action
from staff.permissions import is_set_apart


@dataclass(frozen=True)
class Page:
    """A page of the menu. `is_for(user)` asks the permission table, never for a role. Addresses that begin with one of
    `also` belong to the page too, though they do not begin as its own."""

    title: str
    url_name: str
    icon: str
    is_for: Callable[..., bool] = lambda user: True
    section: str = ""
    also: tuple[str, ...] = ()


@dataclass
class Link:
    """A line of the menu as the template draws it."""

    title: str
    url: str
    icon: str
    section: str = ""
    count: int = 0
    is_active: bool = False
    also: tuple[str, ...] = ()

    def leads_to(self, path: str) -> int:
        """How many letters of `path` the line stands for; 0: it is another's page."""
        own = (self.url,) if self.url != reverse("dashboards:home") else ()
        return max((len(start) for start in (*own, *self.also) if path.startswith(start)), default=0)


def _may(*actions: Action):
    """For whoever may do one of `actions`."""
    return lambda user: any(user.may(action) for action in actions)


def does_business(user) -> bool:
    """三员分立: whoever configures or audits has nothing to prepare or to sign."""
    return not is_set_apart(role for role, _ in user.posts_today)


def _sees_business(user) -> bool:
    return not user.may(Action.CONFIGURE)


INBOX = "dashboards:inbox"

PAGES = (
    Page("工作台", "dashboards:home", "home"),
    Page("待办", INBOX, "inbox", does_business),
    Page("管理看板", "dashboards:management", "chart-bar", _may(Action.READ_MANAGEMENT)),
    Page("项目", "projects:list", "folders", _sees_business, "业务"),
    Page(
        "成果文件",
        "reviews:deliverables",
        "file-check",
        _sees_business,
        also=("/rounds/", "/remarks/", "/versions/", "/attachments/"),
    ),
    Page("时限", "deadlines:list", "clock-hour-4", _sees_business),
    Page("会议", "meetings:list", "calendar-event", does_business),
    Page("会议待办", "meetings:actions", "checklist", does_business),
    Page("会议日历", "meetings:calendar", "calendar-month", does_business),
    Page("投诉举报", "feedback:list", "message-report", _may(Action.HANDLE_COMPLAINTS)),
    Page("委托人", "projects:clients", "building-community", _may(Action.CREATE_PROJECT)),
    Page("检查", "inspections:list", "clipboard-check", _may(Action.READ_INSPECTIONS, Action.INSPECT), "监管检查"),
    Page("检查计划", "inspections:plan_list", "clipboard-list", _may(Action.READ_INSPECTIONS)),
    Page("单位检查结论", "inspections:unit_conclusions", "building", _may(Action.READ_INSPECTIONS)),
    Page("重大质量事故", "inspections:accident_list", "alert-triangle", _may(Action.READ_INSPECTIONS)),
    Page("质量问责", "inspections:liability_list", "gavel", _may(Action.READ_INSPECTIONS)),
    Page("错误库", "lessons:library", "books", _may(Action.READ_LESSONS)),
    Page("年度排名", "rankings:ranking_list", "trophy", does_business, "年度考评"),
    Page(
        "奖惩结算",
        "rankings:settlement_home",
        "report-money",
        _may(Action.READ_SETTLEMENT),
        also=("/appeals/", "/awards/notices/", "/awards/people/"),
    ),
    Page("我的奖惩", "rankings:awards_mine", "award", does_business, also=("/awards/", "/appeals/")),
    Page(
        "考勤与纪律",
        "rankings:attendance_list",
        "calendar-user",
        _may(Action.RECORD_ATTENDANCE, Action.READ_SETTLEMENT),
    ),
    Page("时限规则", "deadlines:rule_list", "ruler-2", _sees_business, "制度"),
    Page("工作日历", "deadlines:calendar", "calendar", section="制度"),
    Page("评分标准", "scoring:standard_list", "list-check"),
    Page("奖惩标准", "rankings:policy_list", "scale", does_business),
    Page("人员", "staff:people_list", "users", _may(Action.MANAGE_PEOPLE), "管理"),
    Page("单位", "staff:unit_list", "sitemap", _may(Action.MANAGE_PEOPLE)),
    Page("未送达消息", "notices:undeliverable", "mail-x", _may(Action.CONFIGURE)),
    Page("基础数据", "admin:index", "settings", _may(Action.CONFIGURE)),
    Page("证据链", "ledger:entry_list", "link", _may(Action.READ_LEDGER), "审计"),
)


def links_for(user, path: str, todo_count: int) -> list[Link]:
    """The menu of `user` on the page at `path`: the link that leads nearest to it is the active one."""
    links = [
        Link(
            page.title,
            reverse(page.url_name),
            page.icon,
            page.section,
            todo_count if page.url_name == INBOX else 0,
            also=page.also,
        )
        for page in PAGES
        if page.is_for(user)
    ]
    home = reverse("dashboards:home")
    nearest = max(links, key=lambda link: link.leads_to(path) if path != home else link.url == home)
    nearest.is_active = path == home or nearest.leads_to(path) > 0
    return links
