"""The categories of the library: those of the remarks, and for findings that name none the headings of the scoring standards."""

from dataclasses import dataclass

from reviews.choices import RemarkCategory

OTHER = "other"
OTHER_WORDS = "未归类"
_OF_CRITERION = "criterion-"


@dataclass(frozen=True)
class Category:
    """`code` is a RemarkCategory; where it is empty, `heading` is the title of a criterion; where both are, 未归类."""

    code: str = ""
    heading: str = ""
    criterion: int | None = None  # one criterion of that title, for the address

    @property
    def label(self) -> str:
        return RemarkCategory(self.code).label if self.code else self.heading or OTHER_WORDS

    @property
    def key(self) -> str:
        """What stands in the address."""
        if self.code:
            return self.code
        return f"{_OF_CRITERION}{self.criterion}" if self.heading else OTHER

    @property
    def identity(self) -> tuple[str, str]:
        return self.code, self.heading


OF_REMARKS = [Category(code=code) for code in RemarkCategory.values]


def criterion_of(key: str) -> int | None:
    """The criterion that a key names, or None where it names none."""
    number = key.removeprefix(_OF_CRITERION)
    return int(number) if key != number and number.isdecimal() and len(number) < 18 else None
