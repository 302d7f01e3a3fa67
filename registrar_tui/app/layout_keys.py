"""Shortcuts work under the Russian layout: a modified Cyrillic key becomes the Latin key in its place."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.message_pump import MessagePump

# ЙЦУКЕН over QWERTY. Only Cyrillic code points are translated, so that a user of another Latin layout
# (Dvorak, AZERTY) keeps the letters they see. Signs have the names that Textual gives to keys.
_SAME_PLACE: Final[dict[str, str]] = {
    **dict(zip("йцукенгшщзфывапролдячсмить", "qwertyuiopasdfghjklzxcvbnm", strict=True)),
    "х": "left_square_bracket",
    "ъ": "right_square_bracket",
    "ж": "semicolon",
    "э": "apostrophe",
    "б": "comma",
    "ю": "full_stop",
    "ё": "grave_accent",
}
_COMMANDING: Final = frozenset({"ctrl", "alt", "super", "hyper", "meta"})


def latin_twin(key: str) -> str | None:
    """Return the Latin twin of a modified Cyrillic key (`ctrl+я` gives `ctrl+z`), None for any other key.

    Terminals with the kitty protocol report the letter of the active layout; no layout is known to Textual.
    A plain letter or shift with a letter is text, not a command, and has no twin.
    """
    *modifiers, base = key.split("+")
    if _COMMANDING.isdisjoint(modifiers):
        return None
    lowered = base.lower()
    twin = _SAME_PLACE.get(lowered)
    if twin is None:
        return None
    if lowered != base and "shift" not in modifiers:
        modifiers = sorted([*modifiers, "shift"])
    return "+".join([*modifiers, twin])


def translate(event: events.Event) -> None:
    """Rewrite a key event in place if its key has a Latin twin; the typed character stays."""
    if isinstance(event, events.Key) and (twin := latin_twin(event.key)) is not None:
        event.key = twin


class LayoutKeysMixin(MessagePump):
    """Give an App Latin shortcuts under any layout: `class Desk(LayoutKeysMixin, App[None])`.

    Every binding profits: the app's, the screens' and those built into Textual's widgets.
    """

    async def on_event(self, event: events.Event) -> None:
        """Translate a key before any binding sees it."""
        if not event.is_forwarded:
            translate(event)
        await super().on_event(event)
