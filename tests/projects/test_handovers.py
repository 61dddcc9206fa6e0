"""What the client hands over and gets back: the list, the day on which it is complete, the return."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from deadlines import services as deadlines
from deadlines.choices import Event, State
from deadlines.models import Deadline
from ledger.models import Entry
from projects import services
from projects.choices import BusinessLine, HandoverKind, MaterialCategory
from projects.models import Discipline, HandoverItem, Project

pytestmark = pytest.mark.django_db

FRIDAY = date(2026, 11, 13)


@pytest.fixture(autouse=True)
def _on_friday(at):
    at(2026, 11, 13, 10, 30)


def clocks_of(subject) -> dict[str, date]:
    """The open clocks of a subject: rule → day on which it ends."""
    return dict(Deadline.objects.open().of(subject).values_list("rule__code", "due_on"))


def one_item(project, actor, kind=HandoverKind.OTHER, **fields):
    handover = services.create_handover(actor=actor, project=project, kind=kind, handed_over_by="王工")
    facts = {"category": MaterialCategory.DRAWINGS, "name": "竣工图", "copies": 2, "received_on": FRIDAY} | fields
    return services.add_item(actor=actor, handover=handover, **facts)


# ── What starts when a set is complete ──────────────────────────────────────
@pytest.mark.parametrize(
    ("kind", "contract_kind", "clocks"),
    [
        ("materials", "main", {"settlement_plan": date(2026, 11, 15), "settlement_draft_main": date(2026, 12, 13)}),
        ("materials", "other", {"settlement_draft_other": date(2026, 11, 28)}),
        ("settlement_documents", "main", {"settlement_review_main": date(2026, 12, 28)}),
        ("settlement_documents", "other", {"settlement_review_other": date(2026, 12, 3)}),
        ("bids", "main", {"bid_analysis": date(2026, 11, 17)}),
        ("other", "main", {}),
    ],
)
def test_complete_set_starts_the_clocks_of_its_kind(cast, project, complete, kind, contract_kind, clocks):
    handover = complete(project, kind, contract_kind=contract_kind)
    assert clocks_of(handover) == clocks
    owed_by = Deadline.objects.of(handover).values_list("responsible", flat=True)
    assert set(owed_by) == ({cast.verifier.pk} if clocks else set())


def test_drawings_of_a_building_start_the_clock_of_the_lead_of_their_discipline(cast, project, complete):
    handover = complete(project, HandoverKind.DRAWINGS, title="3 号楼", discipline=Discipline.objects.get(code="TJ"))
    clock = Deadline.objects.of(handover).get()
    assert (clock.rule.code, clock.due_on) == ("bill_of_quantities", date(2026, 11, 23))
    assert clock.responsible == cast.checker
    assert clock.url == f"/projects/{project.pk}/handovers/{handover.pk}/"


def test_drawings_of_a_discipline_without_lead_start_a_clock_that_nobody_owes_yet(project, complete):
    handover = complete(project, HandoverKind.DRAWINGS, title="3 号楼", discipline=Discipline.objects.get(code="AZ"))
    assert Deadline.objects.of(handover).get().responsible is None


@pytest.mark.parametrize("fields", [{"title": "3 号楼"}, {"discipline": "TJ"}])
def test_drawings_need_their_building_and_discipline(cast, project, receive, fields):
    if "discipline" in fields:
        fields = {"discipline": Discipline.objects.get(code="TJ")}
    with pytest.raises(ValidationError, match="单项工程名称并选择专业"):
        receive(project, HandoverKind.DRAWINGS, **fields)


def test_settlement_clocks_are_for_settlements(cast, project, complete):
    Project.objects.filter(pk=project.pk).update(business_line=BusinessLine.ENGINEERING_CONSULTING)
    project.refresh_from_db()
    assert clocks_of(complete(project)) == {}


def test_day_of_completeness_counts_not_the_day_of_its_registration(cast, project, complete):
    handover = complete(project, HandoverKind.SETTLEMENT_DOCUMENTS, on=date(2026, 11, 2))
    clock = Deadline.objects.of(handover).get()
    assert clock.due_on == date(2026, 12, 17)
    assert timezone.localtime(clock.started_at).strftime("%m-%d %H:%M") == "11-02 12:00"
    assert timezone.localtime(clock.registered_at).date() == FRIDAY


def test_day_of_completeness_is_not_in_the_future_and_not_before_the_last_receipt(cast, project, receive):
    handover = receive(project, on=date(2026, 11, 10))
    for day, why in ((FRIDAY + timedelta(days=1), "不能晚于今天"), (date(2026, 11, 9), "2026-11-10")):
        with pytest.raises(ValidationError, match=why):
            services.complete_handover(actor=cast.preparer, handover=handover, completed_on=day)
    services.complete_handover(actor=cast.preparer, handover=handover, completed_on=date(2026, 11, 10))


def test_settlement_materials_need_the_four_kinds_or_the_word_that_there_is_none(cast, project):
    item = one_item(project, cast.preparer, HandoverKind.MATERIALS)
    handover = item.handover
    with pytest.raises(ValidationError, match="还缺：设计变更、现场签证、合同。"):
        services.complete_handover(actor=cast.preparer, handover=handover, completed_on=FRIDAY)
    for category in (MaterialCategory.DESIGN_CHANGES, MaterialCategory.SITE_VISAS, MaterialCategory.CONTRACT):
        services.add_item(actor=cast.preparer, handover=handover, category=category, is_absent=True)
    services.complete_handover(actor=cast.preparer, handover=handover, completed_on=FRIDAY)
    assert len(clocks_of(handover)) == 2


@pytest.mark.parametrize("kind", [HandoverKind.MATERIALS, HandoverKind.BIDS])
def test_set_of_nothing_is_not_complete(cast, project, kind):
    handover = services.create_handover(actor=cast.preparer, project=project, kind=kind, handed_over_by="王工")
    for category in ("drawings", "design_changes", "site_visas", "contract", "bids"):
        services.add_item(actor=cast.preparer, handover=handover, category=category, is_absent=True)
    with pytest.raises(ValidationError, match="还没有收到的资料"):
        services.complete_handover(actor=cast.preparer, handover=handover, completed_on=FRIDAY)


def test_fourth_round_of_bids_needs_a_reason(cast, project, complete):
    for number in "一二三":
        complete(project, HandoverKind.BIDS, title=f"第{number}轮")
    with pytest.raises(ValidationError, match="一般不超过 3 次"):
        complete(project, HandoverKind.BIDS, title="第四轮")
    fourth = complete(project, HandoverKind.BIDS, title="第四轮", beyond_reason="委托人重新招标")
    assert list(clocks_of(fourth)) == ["bid_analysis"]
    assert fourth.beyond_reason == "委托人重新招标"


def test_list_does_not_change_once_it_is_complete(cast, project, complete):
    handover = complete(project)
    item = handover.items.first()
    facts = {"category": item.category, "name": "改", "copies": 9, "received_on": FRIDAY}
    for act in (
        lambda: services.add_item(actor=cast.preparer, handover=handover, **facts),
        lambda: services.update_item(actor=cast.preparer, item=item, **facts),
        lambda: services.remove_item(actor=cast.preparer, item=item),
        lambda: services.complete_handover(actor=cast.preparer, handover=handover, completed_on=FRIDAY),
    ):
        with pytest.raises(ValidationError, match="已登记齐全"):
            act()


def test_row_is_corrected_and_the_ledger_keeps_both(cast, project):
    item = one_item(project, cast.preparer)
    services.update_item(actor=cast.checker, item=item, category="drawings", name="竣工图", copies=3,
                         received_on=FRIDAY)  # fmt: skip
    assert Entry.objects.get(action="handover.item_update").data == '{"copies":[2,3]}'
    services.remove_item(actor=cast.checker, item=item)
    assert not HandoverItem.objects.exists()


@pytest.mark.parametrize("fields", [{"copies": None}, {"received_on": None}, {"received_on": FRIDAY + timedelta(1)}])
def test_row_needs_copies_and_a_day_of_receipt(cast, project, fields):
    with pytest.raises(ValidationError) as refused:
        one_item(project, cast.preparer, **fields)
    assert set(refused.value.error_dict) == set(fields)


@pytest.mark.parametrize(
    "who", ["chief_engineer", "quality_office", "executive", "auditor", "administrator", "outsider"]
)
def test_materials_are_registered_by_those_who_handle_them(cast, project, complete, who):
    handover = complete(project)
    actor, item = getattr(cast, who), handover.items.first()
    for act in (
        lambda: one_item(project, actor),
        lambda: services.complete_handover(actor=actor, handover=handover, completed_on=FRIDAY),
        lambda: services.keep_items(actor=actor, handover=handover, items=[item.pk], consent_basis="函"),
        lambda: services.return_items(actor=actor, handover=handover, items=[item.pk], returned_on=FRIDAY,
                                      returned_to="王工"),
    ):  # fmt: skip
        with pytest.raises(PermissionDenied):
            act()


def test_archivist_handles_materials(cast, project):
    assert one_item(project, cast.archivist).received_by == cast.archivist


# ── Registered in error ─────────────────────────────────────────────────────
def test_error_is_taken_back_by_whom_decides_about_time(cast, project, complete):
    handover = complete(project)
    with pytest.raises(PermissionDenied):
        services.reopen_handover(actor=cast.verifier, handover=handover, reason="缺签证")
    with pytest.raises(ValidationError, match="理由"):
        services.reopen_handover(actor=cast.approver, handover=handover, reason=" ")
    services.reopen_handover(actor=cast.approver, handover=handover, reason="缺签证")
    handover.refresh_from_db()
    assert (handover.completed_on, clocks_of(handover)) == (None, {})
    assert set(Deadline.objects.of(handover).values_list("state", flat=True)) == {State.CANCELLED}
    services.complete_handover(actor=cast.preparer, handover=handover, completed_on=FRIDAY)
    assert len(clocks_of(handover)) == 2


def test_error_is_not_taken_back_once_a_clock_was_fulfilled(cast, project, complete):
    handover = complete(project)
    plan = Deadline.objects.of(handover).get(rule__code="settlement_plan")
    deadlines.stop(actor=cast.verifier, deadline=plan)
    with pytest.raises(ValidationError, match="已有完成的"):
        services.reopen_handover(actor=cast.approver, handover=handover, reason="缺签证")


def test_who_owes_the_clock_does_not_take_its_start_back(cast, project, complete):
    services.end_assignment(actor=cast.verifier, assignment=project.assignments.get(user=cast.verifier),
                            ends_on=FRIDAY - timedelta(days=1))  # fmt: skip
    services.assign(actor=cast.approver, project=project, user=cast.approver, role="project_manager")
    handover = complete(project)
    with pytest.raises(PermissionDenied, match="责任人"):
        services.reopen_handover(actor=cast.approver, handover=handover, reason="缺签证")


# ── Back to the client ──────────────────────────────────────────────────────
def clock_of_return(project):
    return Deadline.objects.open().of(project).filter(rule__event=Event.SERVICE_ENDED).first()


def end_service(cast, project, day=FRIDAY, actor=None):
    actor = actor or cast.verifier
    services.update_project(actor=actor, project=Project.objects.get(pk=project.pk), actual_finish_on=day)
    project.refresh_from_db()


def give_back(cast, handover, items=None, **fields):
    facts = {"returned_on": FRIDAY, "returned_to": "王工"} | fields
    items = [each.pk for each in (items if items is not None else handover.items.outstanding())]
    return services.return_items(actor=cast.preparer, handover=handover, items=items, **facts)


def test_end_of_the_service_starts_the_seven_days_of_the_return(cast, project, complete):
    complete(project)
    assert clock_of_return(project) is None
    end_service(cast, project)
    clock = clock_of_return(project)
    assert (clock.due_on, clock.responsible) == (date(2026, 11, 20), cast.verifier)


def test_end_of_a_service_that_received_nothing_owes_no_return(cast, project):
    end_service(cast, project)
    assert clock_of_return(project) is None


def test_service_does_not_end_in_the_future(cast, project):
    with pytest.raises(ValidationError, match="不能晚于今天"):
        end_service(cast, project, FRIDAY + timedelta(days=1))


def test_return_ends_when_everything_of_the_whole_project_is_back_or_kept_by_consent(cast, project, complete):
    first, second = complete(project), complete(project, HandoverKind.SETTLEMENT_DOCUMENTS)
    end_service(cast, project)
    give_back(cast, first)
    first.refresh_from_db()
    assert first.returned_at is not None
    assert clock_of_return(project) is not None
    kept = second.items.get()
    services.keep_items(actor=cast.preparer, handover=second, items=[kept.pk], consent_basis="同意函〔2026〕8 号")
    assert clock_of_return(project) is None
    clock = Deadline.objects.of(project).get()
    assert (clock.state, clock.stopped_by) == (State.FULFILLED, cast.preparer)


def test_return_before_the_end_of_the_service_leaves_nothing_to_owe(cast, project, complete):
    give_back(cast, complete(project))
    end_service(cast, project)
    assert clock_of_return(project) is None


def test_day_of_the_end_that_was_wrong_is_put_right_by_whom_does_not_owe_the_return(cast, project, complete):
    complete(project, on=date(2026, 11, 2))
    end_service(cast, project, date(2026, 11, 10))
    with pytest.raises(ValidationError, match="责任人以外的审批人"):
        end_service(cast, project, date(2026, 11, 12))
    assert clock_of_return(project).due_on == date(2026, 11, 17)
    end_service(cast, project, date(2026, 11, 12), actor=cast.approver)
    assert clock_of_return(project).due_on == date(2026, 11, 19)
    end_service(cast, project, None, actor=cast.approver)
    assert clock_of_return(project) is None
    assert set(Deadline.objects.of(project).values_list("state", flat=True)) == {State.CANCELLED}


def test_what_comes_in_after_the_end_counts_from_its_receipt(cast, project):
    end_service(cast, project, date(2026, 11, 2))
    one_item(project, cast.preparer)
    assert clock_of_return(project).due_on == date(2026, 11, 20)


def test_what_must_go_back_is_not_taken_off_the_list_instead(cast, project):
    item, absent = one_item(project, cast.preparer), one_item(project, cast.preparer, is_absent=True)
    end_service(cast, project)
    for act in (
        lambda: services.remove_item(actor=cast.preparer, item=item),
        lambda: services.update_item(actor=cast.preparer, item=item, category="drawings", is_absent=True),
    ):
        with pytest.raises(ValidationError, match="请登记归还或留存"):
            act()
    services.remove_item(actor=cast.preparer, item=absent)
    deadlines.cancel(actor=cast.approver, deadline=clock_of_return(project), reason="登记有误")
    services.remove_item(actor=cast.preparer, item=item)
    assert not HandoverItem.objects.exists()


def test_return_is_refused_for_what_cannot_be(cast, project, complete):
    handover, other = complete(project), complete(project, HandoverKind.BIDS)
    absent = one_item(project, cast.preparer, is_absent=True)
    for why, act in {
        "请选择": lambda: give_back(cast, handover, []),
        "请选择本清单": lambda: give_back(cast, handover, [other.items.get()]),
        "已办理": lambda: give_back(cast, absent.handover, [absent]),
        "不能晚于今天": lambda: give_back(cast, handover, returned_on=FRIDAY + timedelta(days=1)),
        "不能早于": lambda: give_back(cast, handover, returned_on=FRIDAY - timedelta(days=1)),
        "签收人": lambda: give_back(cast, handover, returned_to=" "),
    }.items():
        with pytest.raises(ValidationError, match=why):
            act()
    item = handover.items.first()
    give_back(cast, handover, [item])
    with pytest.raises(ValidationError, match="已办理"):
        give_back(cast, handover, [item])


def test_copy_is_not_kept_without_the_consent_on_file(cast, project, complete):
    handover = complete(project)
    item = handover.items.first()
    with pytest.raises(ValidationError, match="未经委托人书面同意"):
        services.keep_items(actor=cast.preparer, handover=handover, items=[item.pk], consent_basis=" ")
    # What went back may have left a copy with us, by consent.
    give_back(cast, handover, [item])
    services.keep_items(actor=cast.preparer, handover=handover, items=[item.pk], consent_basis="同意函")
    with pytest.raises(ValidationError, match="已办理"):
        services.keep_items(actor=cast.preparer, handover=handover, items=[item.pk], consent_basis="同意函")


@pytest.mark.parametrize(
    "wrong",
    [
        {"copies": 0},
        {"received_on": None},
        {"is_absent": True},
        {"returned_on": FRIDAY},
        {"kept_with_consent": True},
        {"returned_on": date(2026, 1, 1), "returned_to": "王工", "returned_by": "actor"},
    ],
)
def test_database_itself_refuses_an_impossible_row(cast, project, wrong):
    item = one_item(project, cast.preparer)
    wrong = {name: cast.preparer if value == "actor" else value for name, value in wrong.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        HandoverItem.objects.filter(pk=item.pk).update(**wrong)
