"""The people of the demonstration firm. The first of each role is a login: stable numbers, one role each."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile

from dashboards.demo.signatures import can_draw, draw
from staff import services
from staff.choices import CertificateKind, Role
from staff.demo import PASSWORD
from staff.models import Unit, User

UNITS = [("ZJ1", "造价一所"), ("ZJ2", "造价二所"), ("QGC", "全过程咨询部")]
ADMINISTRATOR = "1007"

C1, C2, CLERK = CertificateKind.COST_ENGINEER_1, CertificateKind.COST_ENGINEER_2, CertificateKind.COST_CLERK
CONSULTING, SENIOR = CertificateKind.CONSULTING_ENGINEER, CertificateKind.SENIOR_ENGINEER
YEARS = 365


@dataclass(frozen=True)
class Person:
    """`expires_in` counts days from today; `posts` are company roles, `unit_posts` roles at the person's unit."""

    number: str
    name: str
    unit: str
    title: str
    posts: tuple[Role, ...] = ()
    unit_posts: tuple[Role, ...] = ()
    certificates: tuple[CertificateKind, ...] = ()
    expires_in: int = 2 * YEARS
    has_signature: bool = True


PEOPLE = [
    # 公司本部
    Person("1001", "沈砚秋", "HQ", "总经理", (Role.EXECUTIVE,), (), (C1,)),
    Person("1002", "诸葛明轩", "HQ", "副总经理", (Role.EXECUTIVE,), (), (C1,)),
    Person("1003", "陈𬭎", "HQ", "总工程师", (Role.CHIEF_ENGINEER,), (), (C1, SENIOR)),
    Person("1004", "吴喆", "HQ", "质量办主任", (Role.QUALITY_OFFICE,), (), (C1,)),
    Person("1005", "范雨桐", "HQ", "质量办专员", (Role.QUALITY_OFFICE,), (), (C2,)),
    Person("1006", "阿依古丽·买买提", "HQ", "档案员", (Role.ARCHIVIST,), has_signature=False),
    Person(ADMINISTRATOR, "郑一凡", "HQ", "信息主管", (Role.ADMINISTRATOR,), has_signature=False),
    Person("1008", "苏映雪", "HQ", "内审员", (Role.AUDITOR,), has_signature=False),
    Person("1009", "何䶮", "HQ", "评审专家", (Role.EXPERT,), (), (C1, SENIOR)),
    Person("1010", "王𠮷", "HQ", "评审专家", (Role.EXPERT,), (), (C1,)),
    Person("1011", "欧阳立群", "HQ", "评审专家", (Role.EXPERT,), (), (CONSULTING, SENIOR)),
    # 造价一所
    Person("2001", "赵㛃", "ZJ1", "所长、技术负责人", (), (Role.TECHNICAL_DIRECTOR,), (C1,)),
    Person("2002", "李翀", "ZJ1", "项目经理", (), (), (C1,)),
    Person("2003", "林知远", "ZJ1", "土建专业负责人", (), (), (C1,)),
    Person("2004", "周子衿", "ZJ1", "造价工程师", (), (), (C2,)),
    Person("2005", "孟浩", "ZJ1", "安装专业负责人", (), (), (C1,)),
    Person("2006", "方思齐", "ZJ1", "造价工程师", (), (), (C1,)),
    Person("2007", "韩玥", "ZJ1", "造价工程师", (), (), (C2,)),
    Person("2008", "丁一鸣", "ZJ1", "造价员", (), (), (CLERK,)),
    Person("2009", "唐棠", "ZJ1", "项目经理", (), (), (C1,), expires_in=38),
    Person("2010", "骆骉", "ZJ1", "造价工程师", (), (), (C1,)),
    Person("2011", "贺兰溪", "ZJ1", "装饰专业负责人", (), (), (C1,)),
    Person("2012", "蒋奕辰", "ZJ1", "档案员", (), (Role.ARCHIVIST,), has_signature=False),
    # 造价二所
    Person("3001", "秦岳", "ZJ2", "所长、技术负责人", (), (Role.TECHNICAL_DIRECTOR,), (C1, SENIOR)),
    Person("3002", "徐若曦", "ZJ2", "项目经理", (), (), (C1,)),
    Person("3003", "顾北辰", "ZJ2", "项目经理", (), (), (C1,)),
    Person("3004", "马垚", "ZJ2", "土建专业负责人", (), (), (C1,), expires_in=-6),
    Person("3005", "潘毓秀", "ZJ2", "市政专业负责人", (), (), (C1,)),
    Person("3006", "田野", "ZJ2", "造价工程师", (), (), (C1,)),
    Person("3007", "于谨言", "ZJ2", "造价工程师", (), (), (C2,)),
    Person("3008", "石磊", "ZJ2", "造价员", (), (), (CLERK,)),
    Person("3009", "袁彧", "ZJ2", "造价工程师", (), (), (C1,), has_signature=False),
    Person("3010", "江晚晴", "ZJ2", "土建专业负责人", (), (), (C1,)),
    # 全过程咨询部
    Person("4001", "罗靖川", "QGC", "部门经理、技术负责人", (), (Role.TECHNICAL_DIRECTOR,), (C1, CONSULTING)),
    Person("4002", "司徒静", "QGC", "项目经理", (), (), (C1,)),
    Person("4003", "高旻", "QGC", "项目经理", (), (), (C1, CONSULTING)),
    Person("4004", "宋词", "QGC", "土建专业负责人", (), (), (C1,)),
    Person("4005", "许嘉树", "QGC", "园林专业负责人", (), (), (C1,)),
    Person("4006", "龙天麒", "QGC", "咨询工程师", (), (), (CONSULTING,)),
    Person("4007", "白薇", "QGC", "造价工程师", (), (), (C2,)),
    Person("4008", "尹赟", "QGC", "造价工程师", (), (), (C1,)),
    Person("4009", "夏侯昭", "QGC", "造价员", (), (), (CLERK,)),
]
# Has left: shown among the people as 已停用.
LEAVER = Person("2013", "钱多寿", "ZJ1", "造价员", (), (), (CLERK,), has_signature=False)

_PREFIX = {C1: "建[造]1133", C2: "建[造]2133", CLERK: "浙造员", CONSULTING: "咨登3320", SENIOR: "浙高工"}


def engage(clock) -> dict[str, User]:
    """Set the firm up: units, people with posts, certificates and signature images; returns people by number.

    The first administrator is the system's act, all the rest is theirs."""
    encoded = make_password(PASSWORD)
    units = {"HQ": services.create_unit(actor=None, name="公司本部", code="HQ")}
    first = next(person for person in PEOPLE if person.number == ADMINISTRATOR)
    administrator = _put_on_file(None, first, units, encoded, clock)
    for code, name in UNITS:
        units[code] = services.create_unit(actor=administrator, name=name, code=code, parent=units["HQ"])
    people = {
        person.number: _put_on_file(administrator, person, units, encoded, clock)
        for person in [*PEOPLE, LEAVER]
        if person is not first
    }
    services.deactivate_user(actor=administrator, user=people.pop(LEAVER.number))
    return people | {ADMINISTRATOR: administrator}


def _put_on_file(actor, person: Person, units: dict[str, Unit], encoded: str, clock) -> User:
    unit = units[person.unit]
    user = services.create_user(
        actor=actor, encoded=encoded, must_change_password=False, employee_number=person.number, name=person.name,
        unit=unit, job_title=person.title, phone=f"1380571{person.number}",
    )  # fmt: skip
    for role in person.posts:
        services.assign_post(actor=actor, user=user, role=role, starts_on=clock.days[-1])
    for role in person.unit_posts:
        services.assign_post(actor=actor, user=user, role=role, unit=unit, starts_on=clock.days[-1])
    for kind in person.certificates:
        services.add_certificate(
            actor=actor, user=user, kind=kind, number=f"{_PREFIX[kind]}00{person.number}",
            expires_on=clock.date(person.expires_in),
        )  # fmt: skip
    if person.has_signature and can_draw():
        picture = SimpleUploadedFile("signature.png", draw(person.name), content_type="image/png")
        services.set_signature_image(user=user, upload=picture)
    return user


def name_of(number: str) -> str:
    """The name that belongs to an employee number."""
    return next(person.name for person in PEOPLE if person.number == number)
