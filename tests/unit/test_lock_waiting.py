"""How long a desk sleeps until it asks for the write lock again (docs/adr/0002-store.md)."""

from __future__ import annotations

import pytest

from registrar_tui.storage.engine import _pause


@pytest.mark.parametrize(
    ("waited", "shortest", "longest"), [(0.0, 0.001, 0.004), (0.1, 0.0005, 0.002), (5.0, 0.0001, 0.0004)]
)
def test_who_has_waited_long_asks_more_often(waited: float, shortest: float, longest: float) -> None:
    pauses = [_pause(waited) for _ in range(1000)]
    assert shortest <= min(pauses) < max(pauses) <= longest
    assert max(pauses) - min(pauses) > (longest - shortest) / 2, "without jitter the desks meet again"
