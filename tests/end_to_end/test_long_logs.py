"""Every command that writes crawl.log puts it aside when it has become long."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.processes.log_rotation import MAX_LOG_BYTES
from demo.web import serve
from tests.stories import outlet, page, world

URL = f"http://harbour.example{page(1).path}"


@pytest.mark.parametrize(
    "words",
    [
        ["crawl", URL],
        ["follow", URL, "--alone"],
        ["investigate", URL, "--yes", "--requests", "5"],
        ["outlet", "add", "harbour.example"],
    ],
    ids=lambda words: " ".join(words[:2]).removesuffix(URL),
)
def test_a_long_log_is_put_aside_by(
    dateline, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a dossier is written into the current folder
    with serve(world(outlet(pages=(page(1),)))) as web:
        run = dateline(web)
        run.folder.mkdir(exist_ok=True)
        log = run.folder / "crawl.log"
        log.write_text("x" * MAX_LOG_BYTES)
        run(*words, code=None)
    assert log.with_name("crawl.log.1").stat().st_size == MAX_LOG_BYTES
    assert log.stat().st_size < MAX_LOG_BYTES
