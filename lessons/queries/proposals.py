"""Proposals for the checklists, and what in the library speaks for one."""

from lessons.categories import Category, criterion_of
from lessons.models import ChecklistProposal
from lessons.queries.facts import Asked, Count, counted
from projects.choices import BusinessLine
from reviews.choices import RemarkCategory
from reviews.models import Level
from scoring.models import Criterion
from staff.choices import Action
from staff.models import Post, User
from staff.permissions import GRANTS

# What a new line says where no example is quoted; the person goes on from here.
BEGINNINGS: dict[str, str] = {
    RemarkCategory.BASIS: "采用的法规、计价依据是否现行有效，并与合同约定一致",
    RemarkCategory.QUANTITY: "工程量计算式是否与图纸、底稿逐项核对一致",
    RemarkCategory.UNIT_PRICE: "定额套用、综合单价组成是否逐项核对，有无高套、重套",
    RemarkCategory.FEES: "取费基数、费率是否与合同和计价文件一致",
    RemarkCategory.OMISSION: "各分项是否与图纸、清单逐项对照，有无漏项、重项",
    RemarkCategory.DATA: "数据引用、计量单位、汇总是否核对一致",
    RemarkCategory.WORDING: "成果文件的文字、编号、日期是否核对无误",
}


def category_of(key: str) -> Category | None:
    """The category that a key in an address names; None where there is no such. A query at most."""
    if key in RemarkCategory.values:
        return Category(code=key)
    if key == Category().key:
        return Category()
    number = criterion_of(key)
    title = Criterion.objects.filter(pk=number).values_list("title", flat=True).first() if number else None
    return None if title is None else Category(heading=title, criterion=number)


def basis(user, asked: Asked) -> str:
    """The figures of a category in words: “2026 年 定额与综合单价类问题 23 条（校审意见 20 条、检查问题 3 条），涉及 9 个项目”."""
    whole = counted(user, asked)
    figures = whole[0][1] if whole else Count()
    where = "".join(
        (
            f"{asked.year} 年 " if asked.year else "历年 ",
            f"{asked.unit.name} " if asked.unit else "",
            f"{BusinessLine(asked.line).label} " if asked.line else "",
        )
    )
    sources = f"（校审意见 {figures.remarks} 条、检查问题 {figures.findings} 条）"
    return f"{where}{asked.category.label}类问题 {figures.times} 条{sources}，涉及 {figures.projects} 个项目"


def proposal_rows():
    return ChecklistProposal.objects.select_related("level__route", "proposed_by", "decided_by", "item")


def levels_to_choose():
    """The levels of the routes in use, in their order."""
    return Level.objects.filter(route__is_active=True).select_related("route").order_by("route__code", "order")


def deciders():
    """Who may decide about checklists, by a post in force."""
    roles = [role for role, actions in GRANTS.items() if Action.DECIDE_CHECKLIST in actions]
    holders = Post.objects.in_force().filter(role__in=roles).order_by().values("user")
    return User.objects.active().filter(pk__in=holders)
