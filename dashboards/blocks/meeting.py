"""会议与待办 on the first screens: what comes in the next days, what I have to do, what is overdue in the projects I manage."""

from dashboards.blocks.base import SHORT, Block
from meetings.queries import work
from projects.models import Assignment
from staff.choices import Role


def my_meetings(user) -> Block:
    """My meetings of the next seven days, minutes that I owe, objections to answer, minutes to receive, my action items, and for a project manager
    those that are overdue in the projects. A constant number of queries."""
    managed = Assignment.objects.in_force().filter(user=user, role=Role.PROJECT_MANAGER).order_by().values("project")
    parts = work.meetings_of(user, SHORT) | {"objections": work.objections_to_answer(user, SHORT)}
    parts |= {"copies": work.copies_to_receive(user, SHORT)}
    parts |= work.items_of(user, managed, SHORT)
    return Block("my_meetings", sum(map(len, parts.values())), parts)
