"""A thread that leaves in the archive's folder what the cluster does, for `dateline status`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archive.storage.cluster_state import remove_cluster_state, write_cluster_state

STATE_INTERVAL_SECONDS = 2.0


@contextmanager
def published_state(folder: Path, state: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Write a state at once and every two seconds within the block, and remove it at the end."""
    ended = threading.Event()

    def keep_writing() -> None:
        while True:
            write_cluster_state(folder, state())
            if ended.wait(STATE_INTERVAL_SECONDS):
                return

    thread = threading.Thread(target=keep_writing, name="dateline cluster state", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        remove_cluster_state(folder)
