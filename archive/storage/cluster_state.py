"""The state of the cluster that works for an archive, left in its folder for `dateline status`.

The process that writes the archive renews the file every few seconds and removes it at its end. A
file that is not renewed any more is left from a process that was killed, and is not read.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

CLUSTER_STATE_NAME = "cluster.json"
MAX_STATE_AGE_SECONDS = 60.0
"""A writer that is busy with one long transaction may be this late."""


def write_cluster_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Replace the state; a folder that cannot be written keeps the earlier one."""
    path = folder / CLUSTER_STATE_NAME
    unfinished = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        unfinished.write_text(json.dumps(state), encoding="utf-8")
        unfinished.replace(path)


def remove_cluster_state(folder: Path) -> None:
    """Remove the state, as the cluster does nothing any more."""
    with suppress(OSError):
        (folder / CLUSTER_STATE_NAME).unlink(missing_ok=True)


def read_cluster_state(folder: Path) -> dict[str, Any] | None:
    """Return the state; None if no cluster works for the archive."""
    path = folder / CLUSTER_STATE_NAME
    try:
        if time.time() - path.stat().st_mtime > MAX_STATE_AGE_SECONDS:
            return None
        state = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) else None
