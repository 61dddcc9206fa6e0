"""Signing, the evidence chain and the flow sheet, inside this process. Django must be set up."""

import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest import mock

import weasyprint
from django.db import connection, transaction
from weasyprint.text.fonts import FontConfiguration

from bench.figures import Figure, share_of_the_floor, taken_in_turn, times_the_floor
from ledger import services as ledger_services
from ledger.rules import entry_hash
from projects.models import Deliverable
from reviews import services
from reviews.models import Round
from reviews.printouts import flow_sheet
from tests.reviews import flow

SIGN_OFF, PDF = 0.4, 1.15
LEVELS = 3
WARM_UP = 3


# ── The statements of an act, without the act ───────────────────────────────
class _Undo(Exception):
    """Raised to roll back."""


def statements_of(act) -> list[tuple]:
    """(SQL, parameters) of all that `act`, a function in a transaction, sends between BEGIN and COMMIT; it is undone."""
    sent = []

    def keep(execute, sql, params, many, context):
        sent.append((sql, params))
        return execute(sql, params, many, context)

    try:
        with transaction.atomic(), connection.execute_wrapper(keep):
            act()
            raise _Undo
    except _Undo:
        pass
    # Inside ours, the act's own transaction was a savepoint: the first statement and the last.
    assert sent[0][0].startswith("SAVEPOINT"), sent[0]
    assert sent[-1][0].startswith("RELEASE"), sent[-1]
    return sent[1:-1]


def _columns(sql: str) -> list[str]:
    return [name.strip(' "') for name in re.search(r"INTO \S+ \(([^)]*)\)", sql)[1].split(",")]


class Replay:
    """The same statements by a bare cursor of the driver. What only the moment knows is filled in: the ids of rows that
    later ones refer to, and number and hashes of the ledger's row."""

    REFERRED = {"signature_id": "reviews_signature", "score_sheet_id": "scoring_scoresheet"}

    def __init__(self, statements: list[tuple]):
        is_sqlite = connection.vendor == "sqlite"
        self.begin = "BEGIN IMMEDIATE" if is_sqlite else "BEGIN"
        self.statements = [
            (sql.replace("%s", "?") if is_sqlite else sql, params, self._table(sql)) for sql, params in statements
        ]

    @staticmethod
    def _table(sql: str) -> str:
        """The table that is inserted into."""
        found = re.match(r'INSERT INTO "(\w+)"', sql)
        return found[1] if found else ""

    def run(self) -> float:
        """Seconds from BEGIN to the end of COMMIT."""
        begun = time.perf_counter()
        ids: dict[str, int] = {}
        last_entry = None
        cursor = connection.connection.cursor()
        cursor.execute(self.begin)
        for sql, params, table in self.statements:
            if table == "ledger_entry":
                params = _next_entry(sql, params, last_entry)
            elif table:
                params = self._with_ids(sql, params, ids)
            cursor.execute(sql, params or ())
            if "RETURNING" in sql:
                ids[table] = cursor.fetchall()[0][0]
            elif sql.startswith("SELECT"):
                rows = cursor.fetchall()
                if 'FROM "ledger_entry"' in sql:
                    last_entry = rows[0]
        cursor.execute("COMMIT")
        return time.perf_counter() - begun

    def _with_ids(self, sql: str, params, ids: dict[str, int]) -> list:
        columns, filled = _columns(sql), list(params)
        for place, value in enumerate(filled):
            table = self.REFERRED.get(columns[place % len(columns)])
            if table in ids and value is not None:
                filled[place] = [ids[table]] * len(value) if isinstance(value, list) else ids[table]
        return filled


def _next_entry(sql: str, params, last_entry: tuple[int, str]) -> list:
    """The ledger's row, put behind the entry that is last now."""
    values = dict(zip(_columns(sql), params, strict=True))
    number, previous = last_entry
    values |= {"number": number + 1, "previous_hash": previous}
    at = values["at"]
    if isinstance(at, str):  # SQLite is given the text
        at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    values["hash"] = entry_hash(SimpleNamespace(**{**values, "at": at}))
    return list(values.values())


# ── Sign-off ────────────────────────────────────────────────────────────────
def _arguments(pk: int) -> dict:
    """What the signing page hands to the service for the level at which a deliverable stands."""
    round = flow.live(pk)
    actor = flow.holder(round)
    return {"actor": actor, "round": round, "turn": round.turn, "content": flow.content(round),
            "confirmation": flow.confirmed(actor)}  # fmt: skip


def _sign(pk: int) -> float:
    """Seconds of the signatures of one deliverable by the service; what the page before them loads is not counted."""
    seconds = 0.0
    for _ in range(LEVELS):
        arguments = _arguments(pk)
        begun = time.perf_counter()
        services.sign(**arguments)
        seconds += time.perf_counter() - begun
    return seconds


def _replay_signing(pk: int) -> float:
    seconds = 0.0
    for _ in range(LEVELS):
        arguments = _arguments(pk)
        seconds += Replay(statements_of(lambda given=arguments: services.sign(**given))).run()
    return seconds


def sign_off(to_sign: list[int]) -> Figure:
    """校核, 复核 and 审核 with its score: three transactions a deliverable. Every deliverable is signed once."""
    waiting = iter(to_sign)
    rounds = len(to_sign) // 2 - WARM_UP
    ways = {"service": lambda: _sign(next(waiting)), "sql": lambda: _replay_signing(next(waiting))}
    taken = taken_in_turn(ways, rounds, WARM_UP)
    return share_of_the_floor("sign-off / its statements", taken["service"], taken["sql"], SIGN_OFF, units=LEVELS)


# ── Ledger ──────────────────────────────────────────────────────────────────
def ledger_append(pk: int, rounds: int = 300) -> Figure:
    """One entry in a transaction of its own, beside lock, SELECT and INSERT of the same row."""
    deliverable = Deliverable.objects.select_related("project", "preparer").get(pk=pk)

    @transaction.atomic
    def append() -> None:
        ledger_services.record(actor=deliverable.preparer, action="bench.append", subject=deliverable,
                               scope=deliverable.project, data={"round": 1, "level": "校核"})  # fmt: skip

    replay = Replay(statements_of(append))
    taken = taken_in_turn({"service": append, "sql": replay.run}, rounds, WARM_UP)
    return share_of_the_floor("ledger append / its SQL", taken["service"], taken["sql"], None, units=1)


# ── Flow sheet ──────────────────────────────────────────────────────────────
@contextmanager
def _seen_by_weasyprint():
    """What a rendering hands to WeasyPrint: {"html": text, "css": [text, …]}."""
    seen = {"html": "", "css": []}
    html, css = weasyprint.HTML, weasyprint.CSS

    def keep_html(**given):
        seen["html"] = given["string"]
        return html(**given)

    def keep_css(**given):
        seen["css"].append(given["string"])
        return css(**given)

    with mock.patch.object(weasyprint, "HTML", keep_html), mock.patch.object(weasyprint, "CSS", keep_css):
        yield seen


def flow_sheet_pdf(pk: int, rounds: int = 15) -> Figure:
    """From the record to the PDF, beside WeasyPrint alone with the same HTML and style sheets."""
    round = Round.objects.current().get(deliverable=pk)
    with _seen_by_weasyprint() as seen:
        flow_sheet(round)

    def bare() -> bytes:
        fonts = FontConfiguration()
        sheets = [weasyprint.CSS(string=text, font_config=fonts) for text in seen["css"]]
        return weasyprint.HTML(string=seen["html"]).write_pdf(stylesheets=sheets, font_config=fonts)

    def printed() -> bytes:
        return flow_sheet(Round.objects.current().get(deliverable=pk))

    taken = taken_in_turn({"service": printed, "bare": bare}, rounds, warm_up=2)
    return times_the_floor("flow sheet PDF / bare WeasyPrint", taken["service"], taken["bare"], PDF)
