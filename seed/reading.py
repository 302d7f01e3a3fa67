"""Reads the data files of the package, wherever it is installed."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def read_data(name: str) -> Any:
    """Return the parsed JSON file `seed/data/<name>`; FileNotFoundError when the wheel lacks it."""
    return json.loads(files("seed").joinpath("data", name).read_text(encoding="utf-8"))
