"""The bare programs our own are measured against: as little as Textual and Typer let one write.

`highlight`: one focused widget one line high that moves a highlighted word by `refresh()`: no data, no
    scrolling, no messages; a screen that reacts to a key can hardly do less.
`input`: an App with one Input, Textual's own, typed into or only started.
`help`: a Typer app with one command.
"""

from __future__ import annotations

import sys


def highlight() -> None:
    """Run the app with one highlight to move."""
    from rich.text import Text
    from textual.app import App, ComposeResult
    from textual.binding import Binding
    from textual.widget import Widget

    class Highlight(Widget, can_focus=True):
        DEFAULT_CSS = "Highlight { height: 1; }"
        BINDINGS = [Binding("down", "move(1)"), Binding("up", "move(-1)")]  # noqa: RUF012
        place = 0

        def action_move(self, by: int) -> None:
            self.place = (self.place + by) % 10
            self.refresh()

        def render(self) -> Text:
            words = [("[слово]", "reverse") if i == self.place else " слово " for i in range(10)]
            return Text.assemble(*words)

    class Floor(App[None]):
        ENABLE_COMMAND_PALETTE = False

        def compose(self) -> ComposeResult:
            yield Highlight()

    Floor().run()


def one_input() -> None:
    """Run the app with one Input."""
    from textual.app import App, ComposeResult
    from textual.widgets import Input

    class Floor(App[None]):
        def compose(self) -> ComposeResult:
            yield Input()

    Floor().run()


def bare_help() -> None:
    """Run a Typer app with one command."""
    import typer

    app = typer.Typer()

    @app.command()
    def hello(name: str = "") -> None:
        """Say hello."""
        typer.echo(name)

    app()


if __name__ == "__main__":
    {"highlight": highlight, "input": one_input, "help": bare_help}[sys.argv.pop(1)]()
