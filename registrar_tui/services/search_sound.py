"""Names that sound alike in Russian though they are spelt otherwise. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

# Unstressed о sounds like а, and е, я, э like и; a voiced consonant is often deafened.
_SOUNDS: Final = str.maketrans("оеыэяюёбвгджзщ", "аииииуипфктшсш", "ъьй")
_DOUBLED: Final = re.compile(r"(.)\1+")
_JOINED: Final = (("стс", "с"), ("тс", "ц"), ("стн", "сн"), ("сч", "ш"), ("шч", "ш"), ("сш", "ш"))


@lru_cache(maxsize=8192)
def sound(key: str) -> str:
    """Return one spelling for all folded names that sound alike: «казлоф» and «козлов»."""
    return _heard(key)


def _heard(key: str) -> str:
    heard = key.translate(_SOUNDS)
    for written, said in _JOINED:
        heard = heard.replace(written, said)
    return _DOUBLED.sub(r"\1", heard)


def sounds(keys: Sequence[str]) -> list[str]:
    """Return the sound of each key: in one go, which takes a third of the time of one by one."""
    return _heard("\n".join(keys)).split("\n") if keys else []


def first_sound(key: str) -> str:
    """Return what the first letter of a folded name sounds like."""
    return key[:1].translate(_SOUNDS)
