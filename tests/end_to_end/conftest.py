"""Every test in this folder drives the whole program, and carries the marker `end_to_end`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reading_room import ReadingRoom

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests below this folder; the hook sees those of all folders."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[ReadingRoom]:
    """An archive to which pages come, as a crawl or an import would bring them."""
    made = ReadingRoom(tmp_path)
    yield made
    made.archive.close()
