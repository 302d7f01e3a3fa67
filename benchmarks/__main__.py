"""`python -m benchmarks [GROUP…]`: our speed as ratios to the bare floors, both measured in this run.

A group is a function that yields rows; times are of this machine and hour, only the ratios mean something.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator

from benchmarks import bulk, desk, live, search, search_quality, start, store, typing_search
from benchmarks.table import Limit, Row, print_table

GROUPS: dict[str, Callable[[], Iterable[Row | Limit]]] = {
    "desk": desk.run,
    "live": live.run,
    "start": start.run,
    "search": search.run,
    "store": store.run,
    "bulk": bulk.run,
}
# These take options of their own: `search --patients 1000000 --store postgres`.
_WITH_OPTIONS: dict[str, Callable[[list[str]], int]] = {
    "search": search.main,
    "search-quality": search_quality.main,
    "bulk": bulk.main,
    "typing": typing_search.main,
}


def main(names: list[str]) -> int:
    """Run all groups or the named ones; 2 for an unknown name."""
    options = any(name.startswith("-") for name in names[1:])
    if names and names[0] in _WITH_OPTIONS and (options or names[0] not in GROUPS):
        return _WITH_OPTIONS[names[0]](names[1:])
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        print(f"unknown group {', '.join(unknown)}; there are: {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    print_table(_rows(names or list(GROUPS)))
    return 0


def _rows(names: list[str]) -> Iterator[Row | Limit]:
    for name in names:
        yield from GROUPS[name]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
