"""The grid alone in an app: what the pty benchmark of the grid drives."""

from __future__ import annotations

from textual.app import App, ComposeResult

from benchmarks.sample_grid import sample_grid
from registrar_tui.app.themes import register_themes
from registrar_tui.widgets.slot_grid import SlotGridView


class GridApp(App[None]):
    """Nothing but our grid, 20 doctors by 48 slots."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield SlotGridView()

    def on_mount(self) -> None:
        """Fill the grid."""
        register_themes(self)
        self.query_one(SlotGridView).show(sample_grid())


if __name__ == "__main__":
    GridApp().run()
