"""`python -m benchmarks [GROUP…]`: our speed as ratios to the bare floors, both measured in this run.

A group is a function that yields rows; times are of this machine and hour, only the ratios mean something.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator

from benchmarks import desk, start
from benchmarks.table import Row, print_table

GROUPS: dict[str, Callable[[], Iterable[Row]]] = {
    "desk": desk.run,
    "start": start.run,
}


def main(names: list[str]) -> int:
    """Run all groups or the named ones; 2 for an unknown name."""
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        print(f"unknown group {', '.join(unknown)}; there are: {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    print_table(_rows(names or list(GROUPS)))
    return 0


def _rows(names: list[str]) -> Iterator[Row]:
    for name in names:
        yield from GROUPS[name]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
