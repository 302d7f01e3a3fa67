"""How soon a typed letter is seen: the frames Textual draws, the collector that stops everything."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref

import pytest

from registrar_tui.screens.search import SearchPane
from tests.tui.desk_driver import open_desk
from tests.tui.fake_services import FakeServices


class Cycle:
    """Something that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.parametrize(("chosen", "expected"), [(None, 240), ("30", 30)])
def test_a_letter_waits_for_no_frame_of_sixty_a_second(chosen: str | None, expected: int) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"}
    if chosen is not None:
        environment["TEXTUAL_FPS"] = chosen
    code = "import registrar_tui.app.app, textual.screen\nprint(round(1 / textual.screen.UPDATE_PERIOD))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    assert int(done.stdout) == expected


async def test_a_prepared_search_is_no_work_for_the_collector() -> None:
    """A full collection reads only what came after: the names in memory stay out of it."""
    gc.unfreeze()
    try:
        async with open_desk(FakeServices()) as driver:
            await driver.until(lambda: gc.get_freeze_count() > 0)
            frozen = gc.get_freeze_count()
            assert len(gc.get_objects()) < frozen / 10
    finally:
        gc.unfreeze()


async def test_what_the_base_before_has_left_behind_is_collected() -> None:
    """Another opening of the base prepares its search anew, and a cycle set aside before it does not stay."""
    gc.unfreeze()
    try:
        async with open_desk(FakeServices()) as driver:
            await driver.until(lambda: gc.get_freeze_count() > 0)
            gc.unfreeze()
            left_behind = Cycle()
            seen = weakref.ref(left_behind)
            gc.freeze()
            del left_behind
            driver.pane(SearchPane).connected()
            await driver.until(lambda: seen() is None)
            assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
