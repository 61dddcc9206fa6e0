"""A year of meetings: monthly ones of three projects with units from outside, one that is about a claim, the firm's own; in the
visitor's project one that is called, one whose minutes are being written and one whose minutes wait for a receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dashboards.demo.clock import Story
from dashboards.demo.inspecting import OFFICE, confirmed
from dashboards.demo.pictures import photo
from dashboards.demo.world import World
from meetings.choices import ActionState, Attendance, Frequency, OffDay, PartyKind, State
from meetings.guests import Guests
from meetings.models import Contact, Distribution, Meeting, MeetingKind, Minutes, Party, Room, Series
from meetings.queries import action_items as action_queries
from meetings.services import (
    action_items,
    agenda,
    attendance,
    calling,
    distributing,
    links,
    minutes,
    objections,
    parties,
)
from meetings.services import series as series_services
from projects.models import Assignment, Project

K = PartyKind


@dataclass(frozen=True)
class Topic:
    """An item of an agenda, and what was said and decided about it; `task` is what somebody is to do."""

    title: str
    record: str
    decision: str
    task: str = ""
    is_outside: bool = False


TOPICS = (
    Topic("工程进度与产值", "总包汇报当月完成产值，较计划滞后约 4%，主要受雨季影响。", "总包调整下月计划，每周报进度。",
          "报送调整后的月进度计划", True),
    Topic("设计变更与现场签证", "本月新增变更 6 份、签证 9 份，其中 3 份签证缺少影像资料。", "缺影像资料的签证补齐后再计量。",
          "补齐 3 份签证的影像资料", True),
    Topic("工程量计量与进度款", "造价部门核对本期工程量，核减重复计量两项。", "按核定工程量支付，争议部分单列。", "出具本期计量核对表"),
    Topic("材料价格", "钢材、混凝土信息价较投标期上涨 6.2%，超过合同约定幅度。", "按合同约定调差，报委托人审批。", "编制材料调差测算"),
    Topic("隐蔽工程验收资料", "地下室防水、人防门预埋资料移交不完整。", "监理督促移交，移交后办理结算资料清单。", "移交隐蔽工程验收资料", True),
    Topic("投资控制", "动态投资为概算的 93.4%，暂未发现超概风险。", "按月更新动态投资表并报委托人。", "更新动态投资控制表"),
)  # fmt: skip
SPECIAL = (
    Topic("索赔事件经过", "总包就图纸延误提出工期 21 天、费用 186.4 万元索赔，监理认为部分成立。", "以书面往来和现场记录为依据核定。",
          "提交索赔费用计算书及证明材料", True),
    Topic("费用核定口径", "窝工费按合同约定的停窝工单价计取，管理费不重复计取。", "造价咨询单位十日内提出核定意见。", "提出索赔费用核定意见"),
)  # fmt: skip
QUALITY = (
    Topic("上月检查与整改情况", "质量办通报检查得分、整改逾期项目和复查情况。", "逾期项目负责人说明原因并限期完成。"),
    Topic("共性问题", "措施费取费、签证依据问题在三个单位重复出现。", "列入校核清单，组织专题培训。", "组织取费与签证专题培训"),
    Topic("时限执行", "45 日结算审核时限总体可控，两项临近到期。", "项目经理每周报进度。"),
)  # fmt: skip


@dataclass(frozen=True)
class Round:
    """The monthly meetings of one project: on which day of the month, where, and who comes from outside."""

    project: str
    day: int
    off_day: OffDay
    units: Sequence[tuple[str, str, str]]  # kind, name, contact


ROUNDS = (
    Round("枢纽", 25, OffDay.AFTER, (
        (K.CLIENT, "轨道交通建设集团有限公司", "宋建业"), (K.SUPERVISOR, "浙北工程监理有限公司", "严格"),
        (K.MAIN_CONTRACTOR, "中隧建设集团第四工程公司", "马腾"), (K.SUBCONTRACTOR, "远方机电安装工程公司", "柳青"),
        (K.SUPPLIER, "华东电梯股份有限公司", "池畅"))),
    Round("高架", 31, OffDay.BEFORE, (
        (K.CLIENT, "市政建设投资有限公司", "汤和"), (K.SUPERVISOR, "江南市政监理有限公司", "郑直"),
        (K.MAIN_CONTRACTOR, "路桥第二工程有限公司", "石磊"))),
    Round("河道", 8, OffDay.SKIP, (
        (K.CLIENT, "滨江水利投资有限公司", "水清"), (K.MAIN_CONTRACTOR, "江海水利建设有限公司", "江远"),
        (K.SUBCONTRACTOR, "绿岸生态工程公司", "叶繁"))),
)  # fmt: skip
VISITORS = (
    (K.CLIENT, "滨江城市建设投资有限公司", "陆文博"), (K.SUPERVISOR, "江北建设监理有限公司", "钱正"),
    (K.MAIN_CONTRACTOR, "宏远建设集团有限公司", "孙启航"),
)  # fmt: skip


# ── Pieces ──────────────────────────────────────────────────────────────────
def _register(manager, project: Project, units) -> list[Contact]:
    """The participating units with their main contacts."""
    found = []
    for serial, (kind, name, contact) in enumerate(units):
        party = parties.create_party(actor=manager, project=project, kind=kind, name=name)
        found.append(parties.add_contact(
            actor=manager, party=party, name=contact, position="项目负责人", phone=f"139{project.pk:04}{serial:04}", is_main=True,
        ))  # fmt: skip
    return list(Contact.objects.select_related("party").filter(pk__in=[each.pk for each in found]))


def _team(project: Project) -> list:
    rows = Assignment.objects.in_force().filter(project=project, user__is_active=True).select_related("user")
    return list({row.user_id: row.user for row in rows.order_by("pk")}.values())


def _fresh(meeting: Meeting) -> dict:
    meeting = Meeting.objects.select_related("organiser", "project", "kind").get(pk=meeting.pk)
    return {"meeting": meeting, "turn": meeting.turn}


def _prepare(meeting: Meeting, topics: Sequence[Topic]) -> None:
    for topic in topics:
        agenda.add_item(actor=meeting.organiser, meeting=meeting, title=topic.title, minutes_long=15)


def _write(meeting: Meeting, topics: Sequence[Topic], *, with_tasks: bool = True, absent: int = -1) -> None:
    """Held: who was there, what was said and decided under each item, what is to be done by whom."""
    organiser = meeting.organiser
    guests = list(meeting.invitations.order_by("pk"))
    attendance.register(actor=organiser, meeting=meeting, rows={
        each.pk: (Attendance.LEAVE, "已请假") if place == absent else (Attendance.PRESENT, "")
        for place, each in enumerate(guests)
    })  # fmt: skip
    minutes.hold(actor=organiser, **_fresh(meeting))
    words = {topic.title: topic for topic in topics}
    for item in meeting.agenda.order_by("order"):
        topic = words.get(item.title)
        record, decision = (topic.record, topic.decision) if topic else ("逐项核对办理情况。", "按原定期限完成。")
        minutes.save_item(actor=organiser, item=item, turn=item.turn, record=record, decision=decision)
        if topic and topic.task and with_tasks:
            _task(meeting, item, topic)


def _task(meeting: Meeting, item, topic: Topic) -> None:
    day = timezone.localdate(meeting.starts_at) + timedelta(days=21)
    contact = None
    if topic.is_outside:
        rows = Contact.objects.filter(invitations__meeting=meeting).select_related("party")
        contact = rows.exclude(party__kind=K.CLIENT).order_by("pk").last()
    insiders = [each.user for each in meeting.invitations.filter(user__isnull=False).select_related("user")]
    owner = None if contact else insiders[-1]
    action_items.create_item(
        actor=meeting.organiser, meeting=meeting, agenda_item=item, text=topic.task, due_on=day, owner=owner, owner_contact=contact
    )  # fmt: skip


def _issue(meeting: Meeting) -> Minutes:
    organiser = meeting.organiser
    return minutes.issue(actor=organiser, **_fresh(meeting), confirmation=confirmed(organiser))


def _receive(paper: Minutes, but: int = 0) -> None:
    """Inside by a click, outside by the link; the last `but` copies wait."""
    copies = list(Distribution.objects.filter(minutes=paper).select_related("user", "contact", "party").order_by("pk"))
    for copy in copies[: len(copies) - but]:
        if copy.user_id:
            distributing.receive(actor=copy.user, distribution=copy)
        else:
            link, _ = links.create_receipt(actor=paper.issued_by, distribution=copy)
            distributing.receive_by_link(link=link, name=copy.contact.name if copy.contact_id else "资料员")


def _finish_tasks(meeting: Meeting, leave: int = 0) -> None:
    """What former meetings asked for is reported done with a proof and closed in this one; `leave` are still open."""
    former = action_queries.carried_for(meeting).filter(state=ActionState.OPEN)
    items = list(former.select_related("owner", "meeting__organiser"))
    for item in items[: max(len(items) - leave, 0)]:
        actor = item.owner or item.meeting.organiser
        proof = SimpleUploadedFile("完成证明.jpg", photo(f"待办 {item.number}"), content_type="image/jpeg")
        item = action_items.report_done(
            actor=actor, item=item, turn=item.turn, note="已按会议要求完成，资料已归档。", files=[proof]
        )
        action_items.close_item(actor=meeting.organiser, item=item, turn=item.turn, note="会上确认完成", at=meeting)


# ── The monthly meetings of a project ───────────────────────────────────────
def monthly(facts: Round, world: World) -> Story:
    project = world.projects[facts.project]
    manager = world.manager_of(facts.project)
    contacts = _register(manager, project, facts.units)
    yield 1
    plan = series_services.Plan(
        title=f"{project.name}月例会", frequency=Frequency.MONTHLY, month_day=facts.day, off_day=facts.off_day, minutes_long=90,
        begins_at=time(9, 30), organiser=manager, place="项目部一楼会议室", host=manager.name,
    )  # fmt: skip
    series = series_services.create_series(
        actor=manager, kind=MeetingKind.objects.get(code="monthly"), project=project, starts_on=timezone.localdate(),
        plan=plan, guests=Guests(_team(project), contacts), accepts_gaps=True,
    )  # fmt: skip
    for number in range(24):
        while (meeting := _next(series)) is None:  # the next date is further away than meetings are called ahead
            yield 10
            series_services.make_due()
        if timezone.localdate(meeting.starts_at) >= world.clock.today:
            return
        topics = [TOPICS[(number + place) % len(TOPICS)] for place in range(3)]
        _prepare(meeting, topics)
        yield _days_until(world, timezone.localdate(meeting.starts_at)) + 1
        _write(meeting, topics, absent=3 if number % 4 == 1 else -1)
        _finish_tasks(meeting, leave=number % 5 == 4)
        yield 1
        paper = _issue(meeting)
        yield 1
        _receive(paper, but=1 if number % 3 == 2 else 0)
        if facts.project == "高架" and number == 4:
            yield from _object(meeting, paper)
        series_services.make_due()


def _next(series: Series) -> Meeting | None:
    rows = Meeting.objects.filter(series=series, state=State.PLANNED).order_by("starts_at")
    return rows.select_related("organiser").first()


def _days_until(world: World, day: date) -> int:
    return max(world.clock.days_ago(timezone.localdate()) - world.clock.days_ago(day), 0)


def _object(meeting: Meeting, paper: Minutes) -> Story:
    """The contractor objects to a figure by the link; a supplement answers, the issued text stays."""
    copy = Distribution.objects.filter(minutes=paper, party__kind=K.MAIN_CONTRACTOR).first()
    link, _ = links.create_receipt(actor=paper.issued_by, distribution=copy)
    objection = objections.make_by_link(
        link=link, name="石磊", text="纪要所记滞后 4% 与我部上报的 2.6% 不符，请核对。"
    )
    yield 1
    minutes.supplement(
        actor=paper.issued_by, minutes=paper, confirmation=confirmed(paper.issued_by), objections=[objection],
        text="经核对监理月报，当月产值滞后为 2.6%，原纪要“约 4%”以此为准。", answer="情况属实，以补充纪要更正。",
    )  # fmt: skip


# ── Single meetings ─────────────────────────────────────────────────────────
def _call(world: World, key: str, code: str, title: str, day: date, guests: Guests, **more) -> Meeting:
    project = world.projects[key] if key else None
    actor = world.manager_of(key) if key else world.people[OFFICE]
    starts_at = timezone.make_aware(datetime.combine(day, time(14, 0)))
    return calling.call_meeting(
        actor=actor, kind=MeetingKind.objects.get(code=code), project=project, starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90), guests=guests, accepts_gaps=True,
        content=calling.Content(title=title, organiser=actor, host=actor.name, **{"place": "公司三楼会议室"} | more),
    )  # fmt: skip


def claim(world: World) -> Story:
    """专题会议 about a claim, called by the supervisor of the project."""
    project = world.projects["枢纽"]
    contacts = list(Contact.objects.filter(party__project=project).select_related("party"))
    supervisor = Party.objects.get(project=project, kind=K.SUPERVISOR)
    day = timezone.localdate() + timedelta(days=2)
    meeting = _call(
        world, "枢纽", "special", "图纸延误索赔专题会", day, Guests(_team(project), contacts), topic="工程索赔", called_by=supervisor
    )  # fmt: skip
    _prepare(meeting, SPECIAL)
    yield _days_until(world, day) + 1
    _write(meeting, SPECIAL)
    yield 1
    _receive(_issue(meeting))


def quality(number: int, world: World) -> Story:
    """公司质量例会 by 质量办 with the technical directors and 总工程师."""
    users = [world.people[each] for each in ("1003", "2001", "3001", "4001")]
    day = timezone.localdate() + timedelta(days=3)
    room, _ = Room.objects.get_or_create(name="公司五楼大会议室", defaults={"capacity": 60})
    meeting = _call(
        world, "", "quality_monthly", f"公司质量例会（第 {number} 次）", day, Guests(users, []), room=room, place=""
    )
    _prepare(meeting, QUALITY)
    yield _days_until(world, day) + 1
    _write(meeting, QUALITY)
    _finish_tasks(meeting)
    yield 1
    _receive(_issue(meeting))


def visitors(world: World) -> Story:
    """In the visitor's project: a meeting whose minutes wait for a receipt, one whose minutes are being written, one to come."""
    project, manager = world.projects["滨江"], world.manager_of("滨江")
    contacts = _register(manager, project, VISITORS)
    guests = Guests(_team(project), contacts)
    day = timezone.localdate() + timedelta(days=1)
    meeting = _call(world, "滨江", "weekly", "结算审核周例会（第 1 次）", day, guests)
    _prepare(meeting, TOPICS[1:4])
    yield _days_until(world, day) + 1
    _write(meeting, TOPICS[1:4])
    yield 1
    _receive(_issue(meeting), but=2)
    yield 3
    day = timezone.localdate() + timedelta(days=1)
    meeting = _call(world, "滨江", "weekly", "结算审核周例会（第 2 次）", day, guests)
    _prepare(meeting, TOPICS[3:5])
    _call(world, "滨江", "weekly", "结算审核周例会（第 3 次）", world.clock.date(5), guests)
    yield _days_until(world, day) + 1
    _write(meeting, TOPICS[3:4], with_tasks=False)


def stories(world: World) -> list[tuple[int, Story]]:
    """Each with the working day on which it begins."""
    ago = 258
    told = [(ago - place, monthly(facts, world)) for place, facts in enumerate(ROUNDS)]
    told += [(150, claim(world)), *((230 - 60 * number, quality(number + 1, world)) for number in range(4))]
    return [*told, (14, visitors(world))]
