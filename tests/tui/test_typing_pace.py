"""How soon a typed letter is seen: what the desk asks of Textual before it is imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("chosen", "expected"), [(None, 240), ("30", 30)])
def test_a_letter_waits_for_no_frame_of_sixty_a_second(chosen: str | None, expected: int) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"}
    if chosen is not None:
        environment["TEXTUAL_FPS"] = chosen
    code = "import registrar_tui.app.app, textual.screen\nprint(round(1 / textual.screen.UPDATE_PERIOD))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) == expected
