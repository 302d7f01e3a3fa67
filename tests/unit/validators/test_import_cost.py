"""The desk imports the validators before its first paint: the heavy libraries must wait."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("phonenumbers", "email_validator", "pytrovich", "stdnum", "rapidfuzz", "dns")
MODULES = (
    *("names", "birth_date", "snils", "enp", "policy", "passport", "birth_certificate"),
    *("identity_document", "inn", "phone", "email", "reading", "result"),
)


def test_importing_every_validator_loads_no_heavy_library() -> None:
    imports = "; ".join(f"import registrar_tui.validators.{name}" for name in MODULES)
    script = f"import sys; {imports}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
