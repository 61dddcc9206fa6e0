"""What all channels share: a message, what became of it, and cutting long texts."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

# Stands before every message in a group: it says who speaks, and is the keyword where a bot demands one.
SPEAKER = "【质量管理系统】"
# Room for “（12/34）”.
_NUMBERING = 16


@dataclass(frozen=True)
class Message:
    title: str
    body: str = ""
    link: str = ""
    mentions: tuple[str, ...] = ()
    # The same at each attempt, so that a mail server can tell a second copy.
    key: str = ""
    # An iCalendar message that goes along; e-mail alone carries it.
    calendar: str = ""
    # Somebody without an account: the way to turn messages off is not offered.
    is_to_outsider: bool = False

    @property
    def text(self) -> str:
        """Title, body and link as plain text."""
        return "\n".join(line for line in (self.title, self.body, self.link) if line)


class Verdict(Enum):
    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of one part. `reason` is in Chinese and holds neither key nor secret."""

    verdict: Verdict
    reason: str = ""
    # Sent too often: nothing is wrong with the message, the door stays shut for so long.
    quiet: timedelta | None = None
    # Nobody answered: the next message to the same door would wait in vain as well.
    is_down: bool = False


SENT = Outcome(Verdict.SENT)


def later(reason: str, *, is_down: bool = False) -> Outcome:
    return Outcome(Verdict.LATER, reason, is_down=is_down)


def limited(reason: str, quiet: timedelta) -> Outcome:
    return Outcome(Verdict.LATER, reason, quiet=quiet)


def refused(reason: str) -> Outcome:
    return Outcome(Verdict.REFUSED, reason)


def split(text: str, limit: int) -> list[str]:
    """`text` in parts of at most `limit` bytes of UTF-8, cut between characters, after a line where one ends near enough;
    more than one are numbered （1/3）. The same text is always cut alike."""
    if len(text.encode()) <= limit:
        return [text]
    pieces, room = [], limit - _NUMBERING
    while text:
        piece = text.encode()[:room].decode(errors="ignore")
        line_end = piece.rfind("\n") + 1
        if len(piece) < len(text) and line_end > len(piece) // 2:
            piece = piece[:line_end]
        pieces.append(piece)
        text = text[len(piece) :]
    return [f"（{number}/{len(pieces)}）{piece}" for number, piece in enumerate(pieces, 1)]
