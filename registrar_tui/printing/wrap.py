"""Breaking text into lines without losing a character; the measure is points or terminal cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

NBSP = "\u00a0"

Measure = Callable[[str], float]
# Where a word too wide for a whole line may part: after a hyphen, at a non-breaking space.
_JOINT = re.compile(f"(?<=[-\u2010\u2011\u2013\u2014])|(?={NBSP})")


def wrap(text: str, limit: float, measure: Measure) -> list[str]:
    """Return the lines of `text`, each at most `limit` wide unless one character alone is wider.

    Lines part at spaces; a word wider than a line parts at a hyphen, else at a non-breaking space, else
    anywhere. Joined back, the lines give the text with its spaces; empty text is one empty line.
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if not word:
            continue
        longer = f"{line} {word}" if line else word
        if measure(longer) <= limit:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _parts(word, limit, measure)
        lines += full
    return [*lines, line] if line or not lines else lines


def _parts(word: str, limit: float, measure: Measure) -> list[str]:
    if measure(word) <= limit:
        return [word]
    joints = [part for part in _JOINT.split(word) if part]
    parts: list[str] = []
    for packed in _packed(joints, limit, measure):
        parts += [packed] if measure(packed) <= limit else _characters(packed, limit, measure)
    return parts or [word]


def _packed(joints: Iterable[str], limit: float, measure: Measure) -> list[str]:
    packed: list[str] = []
    for joint in joints:
        if packed and measure(packed[-1] + joint) <= limit:
            packed[-1] += joint
        else:
            packed.append(joint.lstrip(NBSP) if packed else joint)
    return [part for part in packed if part]


def _characters(word: str, limit: float, measure: Measure) -> list[str]:
    parts, part, used = [], "", 0.0
    for character in word:
        wide = measure(character)
        if part and used + wide > limit:
            parts.append(part)
            part, used = "", 0.0
        part += character
        used += wide
    return [*parts, part]
