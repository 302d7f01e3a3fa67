"""The font of the ticket: PT Sans from its package, else a Cyrillic font of the system, never a blank box."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from registrar_tui.errors import Refusal

# A glyph the font lacks must be seen to be missing; reportlab draws a box that no text search finds.
MISSING: Final = "?"

# (package, regular, bold); the data file is read straight: the package's own loader costs 70 ms more.
_PACKAGED: Final = (
    ("fontpkg_pt_sans", "files/PT_Sans-Web-Regular.ttf", "files/PT_Sans-Web-Bold.ttf"),
    ("font_roboto", "files/Roboto-Regular.ttf", "files/Roboto-Bold.ttf"),
)
_SYSTEM: Final = (
    ("/usr/share/fonts/truetype/paratype", "PTS55F.ttf", "PTS75F.ttf"),
    ("/usr/share/fonts/truetype/dejavu", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("C:/Windows/Fonts", "arial.ttf", "arialbd.ttf"),
)
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Face:
    """One registered weight: its reportlab name and the characters it can draw."""

    name: str
    glyphs: frozenset[int]

    def drawable(self, text: str) -> str:
        """Return text with every character that the face cannot draw replaced by a question mark."""
        return "".join(character if ord(character) in self.glyphs else MISSING for character in text)

    def width(self, text: str, size: float) -> float:
        """Return the width of drawable text in points."""
        from reportlab.pdfbase.pdfmetrics import stringWidth

        return float(stringWidth(text, self.name, size))


@dataclass(frozen=True, slots=True)
class Faces:
    """The two weights of the ticket."""

    regular: Face
    bold: Face

    def of(self, *, bold: bool) -> Face:
        """Return one of the weights."""
        return self.bold if bold else self.regular


def load_faces() -> Faces:
    """Register the first font that is there and return its weights; a refusal where none is."""
    # The registry of reportlab is global: two threads must not fill it at once.
    with _lock:
        return _load()


@cache
def _load() -> Faces:
    for regular, bold in _candidates():
        if regular.is_file() and bold.is_file():
            return Faces(_register("Ticket", regular), _register("Ticket-Bold", bold))
    raise Refusal(
        "cannot_print",
        "Нет шрифта с кириллицей: установите пакет fontpkg-pt-sans или системный шрифт DejaVu Sans.",
    )


def _candidates() -> Iterator[tuple[Path, Path]]:
    for package, regular, bold in _PACKAGED:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            root = Path(spec.origin).parent
            yield root / regular, root / bold
    for folder, regular, bold in _SYSTEM:
        yield Path(folder, regular), Path(folder, bold)


def _register(name: str, file: Path) -> Face:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    try:
        font: Any = TTFont(name, str(file))
    except (TTFError, OSError) as error:
        raise Refusal("cannot_print", f"Шрифт {file.name} не читается: переустановите его.") from error
    pdfmetrics.registerFont(font)
    return Face(name, frozenset(font.face.charToGlyph))
