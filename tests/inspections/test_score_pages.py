"""The score sheet over HTTP: what a page without a script and what the script may send, and what comes back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import escape

from inspections.models import Evidence, Finding, Hit, Section
from inspections.services import findings as finding_services
from inspections.services.opening import cancel
from inspections.services.score_sheets import stored_hits
from scoring.choices import Purpose
from scoring.models import Standard
from tests.inspections import kit
from tests.reviews import flow

pytestmark = pytest.mark.django_db
XSS = '<script>alert("刷分")</script>'


@pytest.fixture
def other(cast):
    return kit.inspector(cast)


@pytest.fixture
def inspection(cast, project, other):
    return kit.inspection(cast, project, cast.quality_office, other)


@pytest.fixture
def criterion(inspection):
    return kit.criteria(inspection)[0]


@pytest.fixture
def item(criterion):
    return criterion.deductions.first()


@pytest.fixture
def office(cast, log_in, inspection):
    return log_in(cast.quality_office)


def page(inspection) -> str:
    return reverse("inspections:score", args=[inspection.pk])


def url(criterion, inspection) -> str:
    return reverse("inspections:section_save", args=[inspection.pk, criterion.pk])


def section(inspection, criterion) -> Section:
    return Section.objects.get(inspection=inspection, criterion=criterion)


def save(client, inspection, criterion, *, is_script=True, **fields):
    headers = {"accept": "application/json"} if is_script else {}
    return client.post(url(criterion, inspection), {"turn": "0"} | fields, headers=headers)


# ── Who ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("part", "status", "fills_in"),
    [
        ("quality_office", 200, True), ("executive", 200, False), ("chief_engineer", 200, False), ("verifier", 404, None),
        ("approver", 404, None), ("outsider", 404, None), ("administrator", 404, None), ("expert1", 404, None),
    ],
)  # fmt: skip
def test_sheet_is_filled_in_by_inspectors_and_read_by_who_reads_inspections(
    cast, inspection, log_in, part, status, fills_in
):
    answer = log_in(getattr(cast, part)).get(page(inspection))
    assert answer.status_code == status
    if status == 200:
        assert ("score_sheet.js" in answer.content.decode()) is fills_in


@pytest.mark.parametrize(("part", "status"), [("executive", 403), ("verifier", 404), ("administrator", 404)])
def test_who_does_not_inspect_saves_nothing(cast, inspection, criterion, item, log_in, part, status):
    client = log_in(getattr(cast, part))
    for is_script in (True, False):
        answer = save(client, inspection, criterion, is_script=is_script, **{f"hit-{item.pk}": "1"})
        assert answer.status_code == status
    assert client.get(reverse("inspections:score_state", args=[inspection.pk])).status_code == status
    for name in ("finding_create",):
        assert (
            client.post(reverse(f"inspections:{name}", args=[inspection.pk]), {"problem": "x"}).status_code == status
        )
    assert not Hit.objects.exists()
    assert not Finding.objects.exists()


def test_reader_sees_figures_and_no_field(cast, inspection, criterion, item, office, log_in):
    save(office, inspection, criterion, note="合同滞后签订", **{f"hit-{item.pk}": "2"})
    text = log_in(cast.executive).get(page(inspection)).content.decode()
    assert "2 处" in text
    assert "合同滞后签订" in text
    assert 'name="turn"' not in text


def test_inspected_side_does_not_read_the_notes(cast, inspection, criterion, office, log_in, monkeypatch):
    save(office, inspection, criterion, note="访谈了项目经理")
    monkeypatch.setattr("inspections.models.inspections.SHOWN_TO_PROJECT", ["scoring"])
    text = log_in(cast.verifier).get(page(inspection)).content.decode()
    assert "访谈了项目经理" not in text
    assert criterion.title in text


# ── Without a script ────────────────────────────────────────────────────────
def test_plain_form_saves_and_comes_back_to_its_criterion(cast, inspection, criterion, item, office):
    answer = save(
        office, inspection, criterion, is_script=False, note="甲", is_done="on", **{f"hit-{item.pk}": " １２．５ "}
    )
    assert answer.status_code == 302
    assert answer["Location"] == f"{page(inspection)}#c{criterion.pk}"
    stored = section(inspection, criterion)
    assert {pk: str(count) for pk, count in stored_hits(stored).items()} == {item.pk: "12.50"}
    assert (stored.note, stored.is_done, stored.saved_by) == ("甲", True, cast.quality_office)
    text = office.get(page(inspection)).content.decode()
    assert 'value="12.5"' in text
    assert "已达上限" in text


@pytest.mark.parametrize(
    "typed", ["-1", "1000", "1e5", "NaN", "Infinity", "两处", "0.001", "1,5", "9" * 12, "１０００"]
)
def test_wrong_count_is_told_beside_it_and_everything_typed_stays(inspection, criterion, item, office, typed):
    told = {f"hit-{item.pk}": typed, "note": "随手记下"}
    answer = save(office, inspection, criterion, is_script=False, **told)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "最多两位小数" in text
    assert "随手记下" in text
    assert f'value="{typed}"' in text
    refused = save(office, inspection, criterion, **told)
    assert refused.status_code == 400
    assert refused.json()["errors"][f"hit-{item.pk}"] == ["请填写 0 至 999 的数，最多两位小数。"]
    assert section(inspection, criterion).turn == 0


def test_zero_and_nothing_are_no_hit(inspection, criterion, item, office):
    for n, typed in enumerate(["0", "", "0.00", "００"]):
        assert (
            save(office, inspection, criterion, note=str(n), turn=str(n), **{f"hit-{item.pk}": typed}).status_code
            == 200
        )
    assert not Hit.objects.exists()


@pytest.mark.parametrize("turn", ["", "-1", "abc", "1.5", "9" * 30])
def test_nonsense_for_a_turn_saves_nothing(inspection, criterion, office, turn):
    for is_script, status in ((True, {400, 409}), (False, {200, 409})):
        assert save(office, inspection, criterion, is_script=is_script, turn=turn, note="甲").status_code in status
    assert section(inspection, criterion).note == ""


def test_deduction_that_is_not_of_the_criterion_is_refused(inspection, criterion, office):
    foreign = Standard.objects.current(Purpose.DELIVERABLE).criteria.first().deductions.first()
    neighbour = kit.criteria(inspection)[1].deductions.first()
    for name in (f"hit-{foreign.pk}", f"hit-{neighbour.pk}", "hit-", "hit-x", "hit-99999999999999999999"):
        answer = save(office, inspection, criterion, **{name: "1"})
        assert answer.status_code == 400
        assert "不属于该评分项" in answer.json()["message"]
    assert not Hit.objects.exists()


def test_criterion_of_another_standard_or_none_is_404(inspection, office):
    foreign = Standard.objects.current(Purpose.DELIVERABLE).criteria.first()
    assert save(office, inspection, foreign).status_code == 404
    assert (
        office.post(reverse("inspections:section_save", args=[inspection.pk, 10**9]), {"turn": 0}).status_code == 404
    )


def test_plain_form_of_a_stale_page_gets_both_versions_and_may_choose(
    cast, inspection, criterion, item, log_in, other
):
    save(log_in(other), inspection, criterion, note="乙的记录", **{f"hit-{item.pk}": "2"})
    client = log_in(cast.quality_office)
    mine = {f"hit-{item.pk}": "1", "note": "甲的记录", "is_done": "on"}
    answer = save(client, inspection, criterion, is_script=False, **mine)
    text = answer.content.decode()
    assert answer.status_code == 409
    for words in ("检查员乙", "甲的记录", "乙的记录", "1 处", "2 处", '<input type="hidden" name="turn" value="1">'):
        assert words in text
    assert section(inspection, criterion).note == "乙的记录"
    assert save(client, inspection, criterion, is_script=False, **mine | {"turn": "1"}).status_code == 302
    assert section(inspection, criterion).note == "甲的记录"


def test_what_is_over_is_told_by_whom(cast, inspection, criterion, office):
    cancel(actor=cast.quality_office, inspection=inspection, turn=0, reason="终止")
    assert save(office, inspection, criterion, note="甲").json()["is_over"] is True
    answer = save(office, inspection, criterion, is_script=False, note="甲")
    assert answer.status_code == 409
    assert "撤销检查" in answer.content.decode()
    assert office.get(reverse("inspections:finding_create", args=[inspection.pk])).status_code == 409


# ── With a script ───────────────────────────────────────────────────────────
def test_script_learns_turn_total_and_what_is_missing(inspection, criterion, item, office):
    told = save(office, inspection, criterion, note="甲", is_done="on", **{f"hit-{item.pk}": "1"}).json()
    assert (told["turn"], told["total"], told["grade"], told["is_over"]) == (1, str(100 - item.points), "优良", False)
    own = told["sections"][0]
    assert (own["criterion"], own["turn"], own["counts"], own["note"]) == (criterion.pk, 1, {str(item.pk): "1"}, "甲")
    assert (own["saved_by"], own["is_done"]) == ("质量办", True)
    assert [gap["deduction"] for gap in told["gaps"] if gap["criterion"] == criterion.pk] == [item.pk]


def test_script_is_told_of_a_conflict_and_a_retry_is_none(inspection, criterion, item, office, log_in, other):
    sent = {f"hit-{item.pk}": "1", "note": "甲"}
    assert save(office, inspection, criterion, **sent).json()["turn"] == 1
    assert save(office, inspection, criterion, **sent).json()["turn"] == 1
    told = save(log_in(other), inspection, criterion, note="乙")
    assert told.status_code == 409
    conflict = told.json()["conflict"]
    assert (conflict["turn"], conflict["saved_by"], conflict["note"]) == (1, "质量办", "甲")
    assert conflict["counts"] == {str(item.pk): "1"}


def test_what_one_typed_is_not_saved_in_the_name_of_another(cast, inspection, criterion, office, other):
    answer = save(office, inspection, criterion, note="乙写的", **{"as": str(other.pk)})
    assert answer.status_code == 403
    assert "当前登录的是质量办" in answer.json()["message"]
    assert section(inspection, criterion).turn == 0
    assert save(office, inspection, criterion, **{"as": str(cast.quality_office.pk)}).status_code == 200


def test_state_costs_the_same_however_much_is_on_the_sheet(cast, inspection, office, count_queries):
    state = reverse("inspections:score_state", args=[inspection.pk])

    def fill(criterion, items) -> None:
        hits = {f"hit-{item.pk}": "1" for item in items}
        turn = section(inspection, criterion).turn
        assert save(office, inspection, criterion, note="甲", turn=turn, **hits).status_code == 200
        for item in items:
            add(office, inspection, deduction=item.pk, evidence=[kit.photo(shade=item.pk % 256)])

    def cost() -> tuple[int, int]:
        return count_queries(state), count_queries(page(inspection))

    first, *rest = kit.criteria(inspection)
    fill(first, list(first.deductions.all())[:1])
    cost()
    before = cost()
    for criterion in rest:
        fill(criterion, list(criterion.deductions.all()))
    assert cost() == before


def test_pages_and_answers_are_not_kept_by_the_browser(inspection, office):
    for name in ("score", "score_state"):
        assert "no-store" in office.get(reverse(f"inspections:{name}", args=[inspection.pk]))["Cache-Control"]


# ── Problems ────────────────────────────────────────────────────────────────
def add(client, inspection, **fields):
    told = {"problem": "流程单缺签名", "severity": "ordinary", "needs_rectification": "on"} | fields
    return client.post(reverse("inspections:finding_create", args=[inspection.pk]), told)


def test_problem_from_a_row_comes_back_to_the_row(cast, inspection, item, office):
    form = office.get(reverse("inspections:finding_create", args=[inspection.pk]), {"deduction": item.pk})
    assert f'<option value="{item.pk}" selected>' in form.content.decode()
    answer = add(office, inspection, deduction=item.pk, evidence=[kit.photo("一.png", 1), kit.photo("二.png", 2)],
                 photos=[kit.photo("拍.png", 3)], amount="1200.5", place="第 3 页")  # fmt: skip
    assert answer["Location"] == f"{page(inspection)}#d{item.pk}"
    found = Finding.objects.get()
    assert (found.deduction, str(found.amount), found.raised_by) == (item, "1200.50", cast.quality_office)
    assert sorted(found.evidence.values_list("name", flat=True)) == ["一.png", "二.png", "拍.png"]
    text = office.get(page(inspection)).content.decode()
    assert "问题 1" in text
    assert "一.png" in text


def test_nonsense_of_a_deduction_in_the_address_is_no_choice(inspection, office):
    url = reverse("inspections:finding_create", args=[inspection.pk])
    for typed in ("x", "-1", "99999999999999999999999", XSS):
        answer = office.get(url, {"deduction": typed})
        assert answer.status_code == 200
        assert XSS not in answer.content.decode()


def test_refused_file_is_named_and_nothing_typed_is_lost(inspection, office):
    answer = add(office, inspection, problem="写了很久的问题", evidence=[SimpleUploadedFile("木马.exe", b"MZ")])
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "木马.exe" in text
    assert "写了很久的问题" in text
    assert not Finding.objects.exists()
    assert not Evidence.objects.exists()


def test_words_are_shown_as_words(inspection, criterion, office):
    save(office, inspection, criterion, note=XSS)
    add(office, inspection, problem=XSS, requirement=XSS, place=XSS, evidence=[kit.photo("a<b>'.png")])
    for text in (office.get(page(inspection)).content.decode(),
                 office.get(reverse("inspections:finding_edit", args=[inspection.pk, Finding.objects.get().pk])).content.decode()):  # fmt: skip
        assert XSS not in text
        assert escape(XSS) in text
        assert "<b>'" not in text


@pytest.mark.parametrize("field", ["deduction", "deliverable", "remark", "attachment"])
@pytest.mark.parametrize("value", ["0", "-1", "99999999999999999999", "x", "' OR 1=1 --"])
def test_link_to_nothing_is_refused(inspection, office, field, value):
    answer = add(office, inspection, **{field: value})
    assert answer.status_code == 200
    assert not Finding.objects.exists()


def test_foreign_deliverable_remark_and_file_are_refused(cast, inspection, major_project, office):
    foreign = flow.open_deliverable(cast, major_project)
    flow.submit(foreign)
    file = foreign.versions.get().attachments.get()
    for told in (
        {"deliverable": foreign.pk},
        {"attachment": file.pk},
        {"deliverable": foreign.pk, "attachment": file.pk},
    ):
        answer = add(office, inspection, **told)
        assert answer.status_code == 200
        assert file.name not in answer.content.decode()
    assert not Finding.objects.exists()


def test_choosing_a_deliverable_lists_its_remarks_and_files_and_keeps_what_was_typed(
    cast, inspection, project, office
):
    deliverable = flow.open_deliverable(cast, project)
    flow.submit(deliverable)
    flow.draft_remark(deliverable, problem="计算式有误")
    url = reverse("inspections:finding_create", args=[inspection.pk])
    told = {"problem": "写到一半", "deliverable": deliverable.pk, "severity": "major", "do": "refresh"}
    text = office.post(url, told).content.decode()
    assert "写到一半" in text
    assert "对比表.xlsx" in text
    assert "计算式有误" not in text  # not sent yet: the reviewer's alone
    assert not Finding.objects.exists()
    flow.return_remarks(deliverable)
    assert "计算式有误" in office.post(url, told).content.decode()
    remark, file = deliverable.remarks.get(), deliverable.versions.get().attachments.get()
    add(office, inspection, deliverable=deliverable.pk, remark=remark.pk, attachment=file.pk)
    found = Finding.objects.get()
    assert (found.deliverable, found.remark, found.attachment) == (deliverable, remark, file)


def test_problem_of_a_unit_names_the_deliverable_by_number(cast, project, office):
    inspection = kit.inspection(cast, unit=cast.zj1)
    deliverable = flow.open_deliverable(cast, project)
    assert add(office, inspection, deliverable="没有这个").status_code == 200
    add(office, inspection, deliverable=deliverable.number)
    found = Finding.objects.get()
    assert found.deliverable == deliverable
    edit = office.get(reverse("inspections:finding_edit", args=[inspection.pk, found.pk])).content.decode()
    assert f'value="{deliverable.number}"' in edit
    sheet = office.get(page(inspection)).content.decode()
    assert deliverable.number in sheet
    assert inspection.unit.name in sheet


def test_second_who_saves_a_problem_keeps_the_words_and_may_save_again(cast, inspection, office, other, log_in):
    add(office, inspection)
    found = Finding.objects.get()
    seen = finding_services.fingerprint(found)
    finding_services.update_finding(actor=other, finding=found, problem="乙的写法")
    edit = reverse("inspections:finding_edit", args=[inspection.pk, found.pk])
    told = {"problem": "甲的写法", "severity": "ordinary", "seen": seen}
    answer = office.post(edit, told)
    text = answer.content.decode()
    assert answer.status_code == 409
    for words in ("甲的写法", "乙的写法", "检查员乙", "以您填写的内容为准"):
        assert words in text
    now = finding_services.fingerprint(Finding.objects.get())
    assert f'name="seen" value="{now}"' in text
    assert office.post(edit, told | {"seen": now}).status_code == 302
    assert Finding.objects.get().problem == "甲的写法"


def test_problem_that_was_dropped_meanwhile_may_be_saved_as_a_new_one(inspection, office, other):
    add(office, inspection)
    found = Finding.objects.get()
    edit = reverse("inspections:finding_edit", args=[inspection.pk, found.pk])
    finding_services.remove_finding(actor=other, finding=found)
    answer = office.post(edit, {"problem": "写了很久", "severity": "ordinary"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "已由（检查员乙）于" in text
    assert "写了很久" in text
    assert f'action="{reverse("inspections:finding_create", args=[inspection.pk])}"' in text
    assert office.get(edit).status_code == 404
    assert office.post(reverse("inspections:finding_edit", args=[inspection.pk, 10**9]), {}).status_code == 404


def test_problem_of_another_inspection_is_404(cast, inspection, office, major_project):
    foreign = kit.finding(kit.inspection(cast, major_project))
    for name in ("finding_edit", "finding_remove"):
        assert office.post(reverse(f"inspections:{name}", args=[inspection.pk, foreign.pk]), {}).status_code == 404


def test_proof_is_taken_back_on_the_page_of_the_problem(inspection, office):
    add(office, inspection, evidence=[kit.photo()])
    proof = Evidence.objects.get()
    url = reverse("inspections:evidence_remove", args=[inspection.pk, proof.finding_id, proof.pk])
    assert office.get(url).status_code == 405
    answer = office.post(url, follow=True)
    assert "已移除" in answer.content.decode()
    assert "删除问题" not in answer.content.decode()
    assert "现场.png" not in answer.content.decode().split("已移除", 1)[1]
    kept = office.post(reverse("inspections:finding_remove", args=[inspection.pk, proof.finding_id]), follow=True)
    assert "不能删除" in kept.content.decode()


def test_problem_without_proofs_is_dropped(inspection, office):
    add(office, inspection)
    found = Finding.objects.get()
    assert (
        "删除问题" in office.get(reverse("inspections:finding_edit", args=[inspection.pk, found.pk])).content.decode()
    )
    url = reverse("inspections:finding_remove", args=[inspection.pk, found.pk])
    assert "已删除" in office.post(url, follow=True).content.decode()
    assert not Finding.objects.exists()
