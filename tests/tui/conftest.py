"""The clinic in memory for every test of the desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.fake_services import FakeServices


@pytest.fixture
def clinic(tmp_path: Path) -> FakeServices:
    """A fresh clinic."""
    return FakeServices(tickets=tmp_path)
