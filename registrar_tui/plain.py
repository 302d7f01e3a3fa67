"""Text of strangers made safe to show: no character of it commands the terminal or hides."""

from __future__ import annotations

import json
import re
from typing import Final

REPLACEMENT: Final = "�"

# Controls (C0, DEL, C1), invisible and bidirectional format characters, line and paragraph separators,
# annotation marks, lone surrogates and tag characters.
_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACES: Final = "\n\t\r"


def plain(text: str) -> str:
    """Return `text` with every control or invisible character replaced by U+FFFD, breaks and tabs by a space.

    CWE-150: names and notes come from imports and other systems, so an escape sequence in them may neither
    move the cursor nor reorder the line. The number of characters does not change.
    """
    # str.isprintable is a C loop and true for almost every name; it is false for all that is unsafe.
    if text.isprintable():
        return text
    return _UNSAFE.sub(_safe, text)


def plain_json(text: str) -> str:
    """Return one line of JSON in which characters that could command a terminal stand as escapes.

    The value read back is exactly the one given: only its spelling is made safe (CWE-150).
    """
    return text if text.isprintable() else re.sub(r"[^ -~]", _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else json.dumps(match[0])[1:-1]


def _safe(match: re.Match[str]) -> str:
    return " " if match[0] in _SPACES else REPLACEMENT
