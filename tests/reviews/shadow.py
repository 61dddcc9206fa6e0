"""What the chain should do, told once more in plain Python, without a database: the state machine's own opinion.

People are ids, levels are orders. `allows_*` answers whether an act should succeed; the method of the act's name says what
is then true. Permissions (who has which role) are not retold here: the caller asks staff and passes `may`.
"""

from dataclasses import dataclass, field

PREPARING, REVIEWING, ANSWERING, ISSUING, ISSUED = "preparing", "reviewing", "answering", "issuing", "issued"
DRAFT, OPEN, ANSWERED, CLOSED = "draft", "open", "answered", "closed"


@dataclass(frozen=True)
class Step:
    """A level of the route."""

    kind: str
    is_exemptible: bool
    is_scored: bool
    panel_size: int


@dataclass
class Note:
    """A remark."""

    pk: int
    level: int
    round: int
    version: int
    raised: int
    state: str = DRAFT


@dataclass(frozen=True)
class Signed:
    level: int
    seat: int
    signer: int
    clock: int
    fails: bool = False


@dataclass
class Shadow:
    steps: list[Step]
    seats: dict[tuple[int, int], int]
    has_calculation: bool
    state: str = PREPARING
    level: int = 0
    number: int = 1
    version: int = 1
    is_sealed: bool = False
    clock: int = 0
    files: dict[int, set[str]] = field(default_factory=lambda: {1: set()})
    returned: set[int] = field(default_factory=set)
    exempt: set[int] = field(default_factory=set)
    prepared: set[int] = field(default_factory=set)
    signed: list[Signed] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    rechecks: list[tuple[int, int]] = field(default_factory=list)

    # ── What is the case ────────────────────────────────────────────────────
    @property
    def preparer(self) -> int:
        return self.seats[0, 0]

    @property
    def step(self) -> Step:
        return self.steps[self.level]

    @property
    def is_at_reviewer(self) -> bool:
        return self.state in (REVIEWING, ISSUING)

    def holds(self, actor: int) -> bool:
        """Whether `actor` is the one who holds the present level."""
        return self.seats[self.level, 0] == actor

    def has_signed(self, level: int, seat: int) -> bool:
        return any((row.level, row.seat) == (level, seat) for row in self.signed)

    def missing_experts(self) -> set[int]:
        return {seat for seat in range(1, self.step.panel_size + 1) if not self.has_signed(self.level, seat)}

    def here(self, *states: str) -> list[Note]:
        """The remarks of the present level in one of `states`."""
        return [note for note in self.notes if note.level == self.level and note.state in states]

    def unsettled(self, up_to: int | None = None) -> list[Note]:
        return [n for n in self.notes if n.state != CLOSED and (up_to is None or n.level <= up_to)]

    def next_level(self, after: int) -> int:
        return next(order for order in range(after + 1, len(self.steps)) if order not in self.exempt)

    def waits_for(self) -> set[tuple[int, str]]:
        """(person, duty): the inbox."""
        if self.state in (PREPARING, ANSWERING):
            return {(self.preparer, "prepare" if self.state == PREPARING else "answer")}
        if self.state == ISSUED:
            return set()
        if experts := self.missing_experts():
            return {(self.seats[self.level, seat], "opinion") for seat in experts}
        return {(self.seats[self.level, 0], "issue" if self.state == ISSUING else "sign")}

    # ── The preparer ────────────────────────────────────────────────────────
    def allows_upload(self, actor: int, mark: str) -> bool:
        return actor == self.preparer and not self.is_sealed and mark not in self.files[self.version]

    def upload(self, mark: str) -> None:
        self.files[self.version].add(mark)
        self.prepared.add(self.preparer)

    def allows_submit(self, actor: int, is_corrected: bool) -> bool:
        says_something_new = self.is_sealed or (
            self.files[self.version] and self.files[self.version] != self.files.get(self.version - 1)
        )
        falsely_corrected = is_corrected and any(
            note.state == OPEN and note.version == self.version for note in self.notes
        )
        return bool(
            self.state == PREPARING
            and actor == self.preparer
            and self.version not in self.returned
            and says_something_new
            and not falsely_corrected
        )

    def submit(self) -> None:
        self.is_sealed = True
        self._answer()
        self._sign(self.preparer, 0)
        self.state, self.level = REVIEWING, self.next_level(0)

    def allows_withdraw(self, actor: int) -> bool:
        others = [row for row in self.signed if row.signer != self.preparer]
        sent = [note for note in self.notes if note.round == self.number and note.state != DRAFT]
        return self.state == REVIEWING and actor == self.preparer and not (others or sent or self.rechecks)

    def withdraw(self) -> None:
        self._start_over()

    def allows_revise(self, actor: int) -> bool:
        return actor == self.preparer and self.state != ISSUED and (self.state != PREPARING or self.is_sealed)

    def revise(self) -> None:
        if self.state != PREPARING:
            self._start_over()
        self.prepared.add(self.preparer)
        self.version += 1
        self.is_sealed = False
        self.files[self.version] = set()

    def allows_answer(self, actor: int) -> bool:
        return self.state == ANSWERING and actor == self.preparer

    def answer(self) -> None:
        self._answer()
        self.state = REVIEWING

    def _answer(self) -> None:
        self.prepared.add(self.preparer)
        for note in self.notes:
            if note.state == OPEN:
                note.state = ANSWERED

    # ── The reviewers ───────────────────────────────────────────────────────
    def allows_draft(self, actor: int) -> bool:
        return self.is_at_reviewer and self.holds(actor)

    def draft(self, pk: int) -> None:
        self.notes.append(Note(pk, self.level, self.number, self.version, self._tick()))

    def allows_drop(self, actor: int, note: Note) -> bool:
        return self.allows_draft(actor) and note.level == self.level and note.state == DRAFT

    def drop(self, note: Note) -> None:
        self.notes.remove(note)

    def allows_return(self, actor: int) -> bool:
        return (
            self.state == REVIEWING and self.holds(actor) and bool(self.here(DRAFT, OPEN)) and not self.here(ANSWERED)
        )

    def return_remarks(self) -> None:
        self._release()
        self.state = ANSWERING

    def _release(self) -> None:
        for note in self.here(DRAFT):
            note.state, note.round, note.version, note.raised = OPEN, self.number, self.version, self._tick()

    def allows_recheck(self, actor: int, note: Note) -> bool:
        return self.is_at_reviewer and self.holds(actor) and note.level == self.level and note.state == ANSWERED

    def recheck(self, note: Note, passed: bool) -> None:
        note.state = CLOSED if passed else OPEN
        self.rechecks.append((self._tick(), self.level))

    def allows_sign(self, actor: int) -> bool:
        return (
            self.state == REVIEWING
            and self.holds(actor)
            and not self.missing_experts()
            and not self.unsettled(up_to=self.level)
        )

    def sign(self, fails: bool) -> None:
        self._sign(self.seats[self.level, 0], 0, fails and self.step.is_scored)
        self.level = self.next_level(self.level)
        if self.step.kind == "issue":
            self.state = ISSUING

    def allows_join(self, actor: int) -> bool:
        return self.state == REVIEWING and actor in {self.seats[self.level, seat] for seat in self.missing_experts()}

    def join(self, actor: int) -> None:
        self._sign(actor, next(seat for (level, seat), who in self.seats.items() if who == actor))

    def _sign(self, signer: int, seat: int, fails: bool = False) -> None:
        self.signed.append(Signed(self.level, seat, signer, self._tick(), fails))

    def allows_revoke(self, actor: int) -> bool:
        if not self.is_at_reviewer or not self.signed:
            return False
        last = self.signed[-1]
        raised = any(n.round == self.number and n.raised > last.clock and n.level != last.level for n in self.notes)
        rechecked = any(clock > last.clock and level != last.level for clock, level in self.rechecks)
        return last.level > 0 and last.signer == actor and not raised and not rechecked

    def revoke(self) -> None:
        self.level, self.state = self.signed.pop().level, REVIEWING

    def allows_send_back(self, actor: int) -> bool:
        return self.is_at_reviewer and self.holds(actor)

    def send_back(self) -> None:
        self._release()
        self.returned.add(self.version)
        self._start_over()

    def _start_over(self) -> None:
        self.state, self.level, self.signed, self.rechecks = PREPARING, 0, [], []
        self.number += 1

    def allows_exempt(self, level: int) -> bool:
        return (
            self.state in (PREPARING, REVIEWING)
            and not self.has_calculation
            and self.steps[level].is_exemptible
            and level not in self.exempt
            and not self.has_signed(level, 0)
            and not any(note.level == level for note in self.unsettled())
        )

    def exempt_level(self, level: int) -> None:
        self.exempt.add(level)
        if self.state == REVIEWING and self.level == level:
            self.level = self.next_level(level)

    # ── Hand-over and issue ─────────────────────────────────────────────────
    def allows_hand_over(self, seat: tuple[int, int], to: int) -> bool:
        if self.state == ISSUED or to in self.seats.values():
            return False
        if seat == (0, 0):
            return self.state in (PREPARING, ANSWERING)
        return not self.has_signed(*seat) and to not in self.prepared

    def hand_over(self, seat: tuple[int, int], to: int) -> None:
        self.seats[seat] = to

    def allows_issue(self, actor: int) -> bool:
        return (
            self.state == ISSUING
            and self.holds(actor)
            and not self.unsettled()
            and not any(row.fails for row in self.signed)
        )

    def issue(self) -> None:
        self._sign(self.seats[self.level, 0], 0)
        self.state = ISSUED

    def _tick(self) -> int:
        self.clock += 1
        return self.clock
