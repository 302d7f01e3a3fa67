"""The desk; this line is read before Textual is, which reads its frame rate from the environment once."""

from __future__ import annotations

import os

# At Textual's 60 frames a second a key that comes after an answer was drawn waits 16-33 ms for its letter.
os.environ.setdefault("TEXTUAL_FPS", "240")
