"""One file of captures, or one for each month: the cost to write, prune, compact and back up.

`python -m bench capture_files`. A made-up year of pages, each fetched again twice with small changes
weeks later, so that many bodies are deltas to bodies of another month.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from archive.records import Capture
from archive.storage.captures import CaptureStore
from bench.figures import Figure

MONTHS = 12
PAGES_PER_MONTH = 150
FETCHES = 3
"""Fetches of each page: in its own month and the two after it."""
PAGE_WORDS = 6_000
BATCH = 50


def figures(_: Path) -> Iterator[Figure]:
    """Yield the figures for both layouts."""
    with tempfile.TemporaryDirectory() as folder:
        for layout in ("one file", "a file for each month"):
            yield from _layout_figures(Path(folder), layout)


def _layout_figures(folder: Path, layout: str) -> Iterator[Figure]:
    """Write a year of captures in one layout, and measure what is done with it."""
    split = layout != "one file"
    began = time.process_time()
    written = _write_year(folder / layout, split)
    yield Figure(
        f"captures, {layout}: write", 1e3 * (time.process_time() - began) / written, "ms/page"
    )
    files = sorted((folder / layout).glob("*.db"))
    size = sum(file.stat().st_size for file in files)
    yield Figure(f"captures, {layout}: size", size / written / 1e3, "kB/page")
    began = time.perf_counter()
    for file in files if not split else files[-1:]:  # older months no longer change
        shutil.copyfile(file, folder / "copy")
    yield Figure(f"captures, {layout}: nightly copy", 1e3 * (time.perf_counter() - began), "ms")
    began = time.perf_counter()
    if split:
        files[0].unlink()
    else:
        _prune_month(files[0])
    yield Figure(f"captures, {layout}: drop a month", 1e3 * (time.perf_counter() - began), "ms")
    if not split:
        began = time.perf_counter()
        with sqlite3.connect(files[0]) as connection:
            connection.execute("VACUUM")
        yield Figure(f"captures, {layout}: compact", 1e3 * (time.perf_counter() - began), "ms")


def _write_year(folder: Path, split: bool) -> int:
    """Write the captures; return their number."""
    folder.mkdir()
    chance = random.Random(1)
    words = [f"{chance.getrandbits(40):x}" for _ in range(4_000)]
    pages: dict[str, list[str]] = {}
    written = 0
    for month in range(MONTHS):
        store = CaptureStore(folder / (f"{month:02}.db" if split else "all.db"))
        captures = []
        for first in range(max(0, month - FETCHES + 1), month + 1):
            for number in range(PAGES_PER_MONTH):
                url = f"https://harbour.example/{first}/{number}"
                text = pages.setdefault(url, chance.choices(words, k=PAGE_WORDS))
                text[chance.randrange(PAGE_WORDS)] = "changed"
                at = f"2026-{month + 1:02}-01T00:00:00Z"
                captures.append(Capture(url, " ".join(text).encode(), fetched_at=at))
        for begin in range(0, len(captures), BATCH):
            store.store(captures[begin : begin + BATCH])
        written += len(captures)
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
    return written


def _prune_month(file: Path) -> None:
    """Remove the first month from the file of all captures."""
    store = CaptureStore(file)
    rows = store.connection.execute("SELECT id FROM captures WHERE fetched_at < '2026-02'")
    store.delete([row["id"] for row in rows.fetchall()])
    store.close()
