"""What a benchmark answers and how it is printed: ours, the floor, their ratio, the target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Series:
    """Measurements of one thing in seconds; None marks a sample that never came."""

    samples: tuple[float | None, ...]

    @property
    def seen(self) -> list[float]:
        """Return the samples that came, rising."""
        return sorted(sample for sample in self.samples if sample is not None)

    @property
    def missed(self) -> int:
        """Return how many samples never came."""
        return len(self.samples) - len(self.seen)

    @property
    def middle(self) -> float:
        """Return the median in seconds."""
        return median(self.seen)

    @property
    def p95(self) -> float:
        """Return the 95th percentile in seconds."""
        seen = self.seen
        return seen[min(len(seen) - 1, int(len(seen) * 0.95))]


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison; `ours` and `floor` are None where it was skipped, and `note` says why."""

    name: str
    target: float
    ours: Series | None = None
    floor: Series | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Return ours over floor, by the medians."""
        if self.ours is None or self.floor is None or not (self.ours.seen and self.floor.seen):
            return None
        return self.ours.middle / self.floor.middle


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing with a limit in seconds and nothing to compare with; `ours` is None where it was skipped."""

    name: str
    limit: float
    ours: Series | None = None
    note: str = ""


_HEAD = ("what", "n", "ours p50", "p95", "floor p50", "p95", "ratio", "target", "")
_WIDTHS = (26, 4, 9, 8, 9, 8, 6, 7, 0)


def print_table(rows: Iterable[Row | Limit]) -> None:
    """Print rows as they come, milliseconds; a target is a wish to compare with, never a failure."""
    _print_line(_HEAD)
    for row in rows:
        _print_line(_cells(row) if isinstance(row, Row) else _limit_cells(row))


def _limit_cells(row: Limit) -> Sequence[str]:
    target = f"≤{row.limit * 1000:g}"
    if row.ours is None or not row.ours.seen:
        return (row.name, "", "", "", "", "", "—", target, f"skipped: {row.note}")
    notes = [
        "" if row.ours.p95 <= row.limit else "OVER THE LIMIT",
        f"{row.ours.missed} without an answer" if row.ours.missed else "",
        row.note,
    ]
    middle, p95 = _milliseconds(row.ours.middle), _milliseconds(row.ours.p95)
    return (
        row.name,
        str(len(row.ours.samples)),
        middle,
        p95,
        "",
        "",
        "",
        target,
        "; ".join(note for note in notes if note),
    )


def _cells(row: Row) -> Sequence[str]:
    ratio = row.ratio
    if ratio is None or row.ours is None or row.floor is None:
        return (row.name, "", "", "", "", "", "—", f"≤ {row.target:g}", f"skipped: {row.note}")
    missed = row.ours.missed + row.floor.missed
    notes = [
        "" if ratio <= row.target else "OVER THE TARGET",
        f"{missed} without an answer" if missed else "",
        row.note,
    ]
    return (
        row.name,
        str(len(row.ours.samples)),
        _milliseconds(row.ours.middle),
        _milliseconds(row.ours.p95),
        _milliseconds(row.floor.middle),
        _milliseconds(row.floor.p95),
        f"{ratio:.2f}",
        f"≤ {row.target:g}",
        "; ".join(note for note in notes if note),
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


def _print_line(cells: Sequence[str]) -> None:
    first, *rest = (
        f"{cell:<{width}}" if index in (0, len(cells) - 1) else f"{cell:>{width}}"
        for index, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    )
    print(first + "  " + "  ".join(rest).rstrip(), flush=True)
