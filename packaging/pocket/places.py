"""Where the recipe reads and writes. ``DESKHAND_POCKET_BUILD`` names another folder for a run beside the last one."""

from __future__ import annotations

import os
from pathlib import Path

BUILD = Path(os.environ.get("DESKHAND_POCKET_BUILD", "build/pocket"))
TARGET = Path("assets/builtin/deskhand-pocket.gguf")
SCORES = Path("assets/builtin/scores.json")
