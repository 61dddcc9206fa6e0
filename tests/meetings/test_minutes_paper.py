"""The paper of minutes and supplements: the usual form, the same bytes for the same values, kept as it was issued."""

import hashlib
import subprocess

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from meetings.choices import PartyKind
from meetings.models import ActionItem
from meetings.printouts.minutes import minutes_paper
from meetings.queries import agenda as agenda_queries
from meetings.services import agenda, attendance, minutes
from tests.meetings import minutes_kit as kit
from tests.reviews.flow import confirmed


def text_of(pdf: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()


@pytest.fixture
def paper(cast, project):
    """Long words, hostile words, a walk-in, an action item of an earlier meeting and one of this."""
    contractor = kit.party(project, "宏远建设集团有限公司", PartyKind.MAIN_CONTRACTOR, "李工", "赵工")
    earlier = kit.meeting(cast, project)
    told = {"project": project, "created_by": cast.verifier, "due_on": timezone.localdate()}
    ActionItem.objects.create(number="DB-2026-0901", meeting=earlier, text="补交签证", owner=cast.preparer, **told)
    meeting = kit.meeting(cast, project, recorder=cast.preparer, contacts=list(contractor.contacts.all()), items=("3# 楼<b>签证</b>",))  # fmt: skip
    agenda.adopt(actor=cast.verifier, meeting=meeting, key=agenda_queries.proposals(meeting, cast.verifier)[0].key)
    attendance.add_walk_in(actor=cast.verifier, meeting=meeting, name="王监理", unit="江北监理有限公司")
    ActionItem.objects.create(number="DB-2026-0902", meeting=meeting, agenda_item=meeting.agenda.first(), text="复测尺寸",
                              owner_contact=contractor.contacts.last(), **told)  # fmt: skip
    meeting = kit.written(meeting)
    item = meeting.agenda.first()
    minutes.save_item(
        actor=cast.verifier,
        item=item,
        turn=item.turn,
        record="第一段。\n" + "施工单位说明现场条件。" * 200,
        decision="按实测计量。",
    )
    meeting = minutes.submit(actor=cast.preparer, meeting=meeting, turn=meeting.turn)
    return minutes.issue(
        actor=cast.verifier, meeting=meeting, turn=meeting.turn, confirmation=confirmed(cast.verifier)
    )


def test_the_paper_has_the_usual_form_and_stays_as_it_was_issued(cast, paper):
    with default_storage.open(paper.pdf) as file:
        pdf = file.read()
    assert hashlib.sha256(pdf).hexdigest() == paper.pdf_sha256
    text = text_of(pdf)
    words = ("会议纪要", paper.number, "时 间", "地 点", "主持人", "参会单位及人员", "宏远建设集团有限公司", "王监理", "3# 楼<b>签证</b>",
             "内 容", "决 定", "按实测计量。", "待办事项", "DB-2026-0902", "以前会议待办的进展", "DB-2026-0901", "签 发", "复核人",
             "签署摘要", "证据链链头")  # fmt: skip
    flat = "".join(text.split())
    assert [word for word in words if "".join(word.split()) not in flat] == []
    head = minutes.head()[1]
    assert minutes_paper(paper, chain_head=head) == minutes_paper(paper, chain_head=head)
    supplement = minutes.supplement(actor=cast.verifier, minutes=paper, text="更正为 12 月 5 日。", confirmation=confirmed(cast.verifier))  # fmt: skip
    with default_storage.open(supplement.pdf) as file:
        text = "".join(text_of(file.read()).split())
    assert f"{paper.number}-B1" in text
    assert "更正为12月5日。" in text
    assert "本补充纪要" in text
