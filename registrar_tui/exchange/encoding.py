"""Which of three encodings a Russian file is in; general detectors guess koi8-r and Big5 instead."""

from __future__ import annotations

from typing import Final

UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_LETTERS: Final = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ")
_COMMON: Final = frozenset("оеаинтсрвлкмдпОЕАИНТСРВЛКМДП")


def detect(sample: bytes) -> str:
    """Return `utf-8-sig`, `cp1251` or `cp866`.

    Judged by lines: a few lines in another encoding do not change the verdict on the rest.
    """
    lines = [line for line in sample.splitlines() if not line.isascii()]
    sound = sum(map(_is_utf8, lines))
    if sample.startswith(b"\xef\xbb\xbf") or 2 * sound >= len(lines):
        return "utf-8-sig"
    # A no-break space of cp1251 is an «а» of cp866, and stands in thousands where a column is padded.
    foreign = b"\n".join(line for line in lines if not _is_utf8(line)).replace(b"\xa0", b"")
    return max(("cp1251", "cp866"), key=lambda name: _likeness(foreign.decode(name, "replace")))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _likeness(text: str) -> int:
    """Score Russian: frequent letters count twice, what is neither letter nor ASCII counts against."""
    score = 0
    for sign in text:
        if sign in _COMMON:
            score += 2
        elif sign in _LETTERS:
            score += 1
        elif not sign.isascii():
            score -= 2
    return score
