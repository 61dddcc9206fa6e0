"""Where the words of a search stand in a text, cut out to be shown: pure functions. What comes back is plain text in pieces, to
be escaped by whoever draws it."""

from dataclasses import dataclass

MOST_WORDS = 6
LONGEST_WORD = 40
# Characters of a text that are shown around the first hit.
BEFORE, AFTER = 24, 72


@dataclass(frozen=True)
class Piece:
    text: str
    is_hit: bool = False


def words_of(text: str) -> list[str]:
    """The words of a search: separated by spaces (ours or full-width), each once, the case folded; at most six."""
    words = text.replace("\x00", "").casefold().split()
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in words))[:MOST_WORDS]


def holds(text: str, words: list[str]) -> bool:
    """Whether any of the words stands in `text`."""
    folded = text.casefold()
    return any(word in folded for word in words)


def excerpt(text: str, words: list[str]) -> list[Piece]:
    """The surroundings of the first hit in one line, hits marked, “…” where something was cut; [] for no hit."""
    line = " ".join(text.split())
    spans = _spans(line, words)
    if not spans:
        return []
    begin = max(spans[0][0] - BEFORE, 0)
    end = min(spans[0][1] + AFTER, len(line))
    pieces = [Piece("…")] if begin else []
    at = begin
    for first, last in spans:
        if first >= end:
            break
        if first > at:
            pieces.append(Piece(line[at:first]))
        pieces.append(Piece(line[first : min(last, end)], True))
        at = min(last, end)
    if at < end:
        pieces.append(Piece(line[at:end]))
    return [*pieces, Piece("…")] if end < len(line) else pieces


def _spans(line: str, words: list[str]) -> list[tuple[int, int]]:
    """(begin, end) of each hit in order, joined where they overlap."""
    folded = line.casefold()
    if len(folded) != len(line):  # ß and its like: places would shift
        folded = line.lower() if len(line.lower()) == len(line) else line
    found = []
    for word in filter(None, words):
        at = folded.find(word)
        while at >= 0:
            found.append((at, at + len(word)))
            at = folded.find(word, at + len(word))
    joined: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
