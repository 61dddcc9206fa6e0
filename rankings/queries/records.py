"""The record of a person (个人奖惩档案): year by year the places on the published people's boards, the rewards and penalties of
approved settlements with their appeals, and the notes for promotion (§7).

Nothing stands here before it is final: neither a draft nor a frozen ranking that is still to be published, nor a settlement that may
still be appealed or withdrawn. What a line says names its project: to whoever reads settlements, who sees every project, and to
the person, who has the same words on paper."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest

from rankings import awards as rules
from rankings.awards import Sum
from rankings.choices import PEOPLE_BOARDS, Board, Kind, Outcome, SettlementState
from rankings.models import Award, AwardNotice, Correction, PromotionNote, Ranking, RankingEntry, Settlement
from rankings.queries.frozen import Line, Standing
from rankings.queries.policies import reads
from staff.choices import Action
from staff.models import User


@dataclass
class Place:
    """Where somebody stood on one board of one year, as it was frozen. `ranked`: how many had a place there. `corrected` is the
    line as it stands after corrections, None where nothing changed for this person."""

    year: int
    board: Board
    entry: int
    place: int | None
    score: Decimal | None
    sample: int
    excluded: str
    ranked: int
    corrected: Line | None = None

    @property
    def place_now(self) -> int | None:
        return self.corrected.place_now if self.corrected else self.place


@dataclass
class Year:
    """What one year left on a person's record. At most one settlement is approved for a year."""

    year: int
    places: list[Place] = field(default_factory=list)
    settlement: Settlement | None = None
    awards: list[Award] = field(default_factory=list)
    notice: AwardNotice | None = None
    notes: list[PromotionNote] = field(default_factory=list)

    @property
    def sum(self) -> Sum:
        """In 元, as it counts after appeals."""
        return _sum(self.awards)


@dataclass
class Record:
    """All years of a person, the latest first."""

    person: User
    years: list[Year]

    @property
    def sum(self) -> Sum:
        """Of all years, in 元, as it counts after appeals."""
        return _sum([award for year in self.years for award in year.awards])

    def count(self, kind: str) -> int:
        """How many rewards or penalties remain after appeals."""
        return sum(award.kind == kind and award.final_amount > 0 for year in self.years for award in year.awards)

    @property
    def rewards(self) -> int:
        return self.count(Kind.REWARD)

    @property
    def penalties(self) -> int:
        return self.count(Kind.PENALTY)

    @property
    def notes(self) -> int:
        return sum(len(year.notes) for year in self.years)

    @property
    def best(self) -> Place | None:
        """The best place on record, corrections included; of equal ones the latest."""
        placed = [place for year in self.years for place in year.places if place.place_now]
        return min(placed, key=lambda each: (each.place_now, -each.year), default=None)


def _sum(rows: Iterable[Award]) -> Sum:
    return rules.total(rows, lambda award: award.final_amount)


# ── Who ─────────────────────────────────────────────────────────────────────
def may_open(user, person_id: int) -> bool:
    """The own record, and everybody's for whoever reads settlements. 三员分立: nothing for whoever configures or audits."""
    return reads(user) and (user.pk == person_id or user.may(Action.READ_SETTLEMENT))


def people_visible_to(user):
    """Whose record `user` may open, whether or not there is anything on it."""
    rows = User.objects.select_related("unit")
    if not reads(user):
        return rows.none()
    return rows if user.may(Action.READ_SETTLEMENT) else rows.filter(pk=user.pk)


def _counting() -> Q:
    """Awards that come to something, as `Award.final_amount` has it."""
    as_posted = Q(appeal__outcome__isnull=True) | Q(appeal__outcome=Outcome.UPHELD)
    return Q(as_posted, amount__gt=0) | Q(appeal__outcome=Outcome.CHANGED, appeal__amount__gt=0)


def _entries():
    return RankingEntry.objects.filter(board__in=PEOPLE_BOARDS, ranking__published_at__isnull=False)


def _awards():
    return Award.objects.filter(settlement__state=SettlementState.APPROVED).counting()


def _per_person(rows, person: str, value) -> Coalesce:
    """A figure for each person: of `rows`, whose column `person` names them."""
    found = rows.filter(**{person: OuterRef("pk")}).order_by().values(person).annotate(value=value).values("value")
    return Coalesce(Subquery(found, output_field=IntegerField()), 0)


def people_on_record():
    """Everybody with something on record, each with `rewards`, `penalties`, `notes` (how many) and `latest` (the year of the latest
    entry). One query."""
    counted = _awards().filter(_counting())
    notes = PromotionNote.objects.all()
    latest = [
        _per_person(_entries(), "subject_id", Max("ranking__year")),
        _per_person(_awards(), "person", Max("settlement__ranking__year")),
        _per_person(notes, "person", Max("ranking__year")),
    ]
    on_record = (
        Exists(_entries().filter(subject_id=OuterRef("pk")))
        | Exists(_awards().filter(person=OuterRef("pk")))
        | Exists(notes.filter(person=OuterRef("pk")))
    )
    return (
        User.objects.select_related("unit").filter(on_record)
        .annotate(
            rewards=_per_person(counted.filter(kind=Kind.REWARD), "person", Count("pk")),
            penalties=_per_person(counted.filter(kind=Kind.PENALTY), "person", Count("pk")),
            notes=_per_person(notes, "person", Count("pk")),
            latest=Greatest(*latest),
        )
    )  # fmt: skip


# ── One person ──────────────────────────────────────────────────────────────
def record_of(person: User) -> Record:
    """What is on record for `person`; whether the reader may see it is asked before. Six queries, and five for each board on which
    the person stands and that was corrected."""
    years: dict[int, Year] = {}

    def of(year: int) -> Year:
        return years.setdefault(year, Year(year))

    for place in places_of(person.pk):
        of(place.year).places.append(place)
    rows = _awards().filter(person=person).order_by("pk")
    for award in rows.select_related("settlement__ranking", "settlement__policy", "appeal__decided_by"):
        year = of(award.settlement.ranking.year)
        year.settlement = award.settlement
        year.awards.append(award)
    notices = AwardNotice.objects.filter(person=person, settlement__state=SettlementState.APPROVED)
    for notice in notices.select_related("settlement__ranking"):
        of(notice.settlement.ranking.year).notice = notice
    for note in PromotionNote.objects.filter(person=person).select_related("ranking").order_by("pk"):
        of(note.ranking.year).notes.append(note)
    return Record(person, sorted(years.values(), key=lambda each: -each.year))


def places_of(person: int) -> list[Place]:
    """The person's lines on the published people's boards, by year and board."""
    rows = _entries().filter(subject_id=person).annotate(year=F("ranking__year"))
    mine = list(rows.select_related("ranking").order_by("year"))
    if not mine:
        return []
    boards = Q(ranking__in={row.ranking_id for row in mine}, board__in={row.board for row in mine})
    counts = RankingEntry.objects.filter(boards, place__isnull=False).order_by().values("ranking", "board")
    ranked = {(row["ranking"], row["board"]): row["ranked"] for row in counts.annotate(ranked=Count("pk"))}
    made = Correction.objects.filter(entry__in=RankingEntry.objects.filter(boards).order_by().values("pk"))
    corrected = set(made.order_by().values_list("entry__ranking", "entry__board").distinct())
    found = []
    for row in sorted(mine, key=lambda row: (row.year, PEOPLE_BOARDS.index(row.board))):
        key = row.ranking_id, row.board
        now = _corrected(row.ranking, Board(row.board), row.pk) if key in corrected else None
        found.append(
            Place(
                year=row.year, board=Board(row.board), entry=row.pk, place=row.place, score=row.score, sample=row.sample,
                excluded=row.excluded, ranked=ranked.get(key, 0), corrected=now,
            )
        )  # fmt: skip
    return found


def _corrected(ranking: Ranking, board: Board, entry: int) -> Line | None:
    stands = Standing(ranking, board)
    (line,) = stands.lines(stands.entries.filter(pk=entry))
    return line if line.corrections or line.is_moved else None
