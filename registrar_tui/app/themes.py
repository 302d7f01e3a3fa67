"""The desk's colours: three themes whose rendered text meets WCAG 2.2 AA (1.4.3).

One accent. Red is only for what stops the registrar, yellow for what must be told to the patient, grey for
what cannot be taken. None of Textual's own themes has text of 4.5:1 everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from textual.app import App
from textual.theme import Theme


@dataclass(frozen=True, slots=True)
class _Palette:
    """Solid colours of one theme; `muted` is text of 4.5:1, `disabled` of 3:1 on every background."""

    name: str
    dark: bool
    background: str
    surface: str
    panel: str
    text: str
    muted: str
    disabled: str
    accent: str
    on_accent: str
    selection: str
    warning: str
    error: str


_DARK = _Palette(
    name="registrar-dark",
    dark=True,
    background="#12161b",
    surface="#181d24",
    panel="#202731",
    text="#e4e8ed",
    muted="#a3adb9",
    disabled="#7a8592",
    accent="#66c2d6",
    on_accent="#0b1013",
    selection="#29525e",
    warning="#f0c35a",
    error="#ff8a80",
)
_LIGHT = _Palette(
    name="registrar-light",
    dark=False,
    background="#fbfbf9",
    surface="#f3f4f2",
    panel="#e8eae9",
    text="#1b2126",
    muted="#4d565f",
    disabled="#69727b",
    accent="#00606f",
    on_accent="#ffffff",
    selection="#b5dbe2",
    warning="#7a5200",
    error="#b01c1c",
)
_CONTRAST = _Palette(
    name="registrar-contrast",
    dark=True,
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    text="#ffffff",
    muted="#dcdcdc",
    disabled="#b4b4b4",
    accent="#5ce1ff",
    on_accent="#000000",
    selection="#00506b",
    warning="#ffe14d",
    error="#ff9c94",
)


def _theme(palette: _Palette) -> Theme:
    return Theme(
        name=palette.name,
        dark=palette.dark,
        primary=palette.accent,
        secondary=palette.accent,
        accent=palette.accent,
        success=palette.accent,
        warning=palette.warning,
        error=palette.error,
        foreground=palette.text,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        variables=_variables(palette),
    )


def _variables(palette: _Palette) -> dict[str, str]:
    """Replace the variables that Textual derives by transparency, which is where contrast is lost."""
    return {
        "text-muted": palette.muted,
        "text-disabled": palette.disabled,
        "foreground-muted": palette.muted,
        "foreground-disabled": palette.disabled,
        "text-primary": palette.accent,
        "text-secondary": palette.accent,
        "text-accent": palette.accent,
        "text-success": palette.accent,
        "text-warning": palette.warning,
        "text-error": palette.error,
        "block-cursor-background": palette.accent,
        "block-cursor-foreground": palette.on_accent,
        "block-cursor-blurred-background": palette.panel,
        "block-cursor-blurred-foreground": palette.text,
        "block-hover-background": palette.panel,
        "footer-background": palette.background,
        "footer-key-foreground": palette.accent,
        "footer-description-foreground": palette.muted,
        "input-cursor-background": palette.accent,
        "input-cursor-foreground": palette.on_accent,
        "input-selection-background": palette.selection,
        "input-selection-foreground": palette.text,
        "screen-selection-background": palette.selection,
        "screen-selection-foreground": palette.text,
        "button-color-foreground": palette.on_accent,
        "border-blurred": palette.panel,
        "scrollbar": palette.disabled,
        "scrollbar-hover": palette.muted,
        "scrollbar-active": palette.accent,
        "scrollbar-background": palette.background,
        "scrollbar-background-hover": palette.background,
        "scrollbar-background-active": palette.background,
        "scrollbar-corner-color": palette.background,
    }


THEMES: Final[tuple[Theme, ...]] = tuple(_theme(palette) for palette in (_DARK, _LIGHT, _CONTRAST))
DEFAULT_THEME: Final = _DARK.name


def register_themes(app: App[Any], name: str = DEFAULT_THEME) -> None:
    """Register the desk's themes with an app and choose one; an unknown name gives the default."""
    for theme in THEMES:
        app.register_theme(theme)
    app.theme = name if name in {theme.name for theme in THEMES} else DEFAULT_THEME
