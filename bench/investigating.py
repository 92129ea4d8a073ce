"""From one address and an empty folder: does `dateline investigate` find what adding all outlets
finds, for less?

Each story is looked for twice, from an empty archive each time: with all outlets of the world added
and a crawl for the story, and by `investigate` with a list of the outlets' hosts, and nothing else,
as its catalogue. Requests are all that the web was asked for, of any kind.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from bench.crawl import asked_in_all, newsweb
from bench.figures import SHARED, Figure, show
from bench.following import PLACES, a_day_after, at_place, chosen

STORIES = 3
"""Number of stories in the half of `worlds/coverage`, those with most articles."""
SHARE = 1 / 3


class Came(NamedTuple):
    """The result of one way of searching for a story."""

    fetched: set[str]
    """The articles that are there."""
    listed: set[str]
    requests: int


def figures(shared: Path) -> Iterator[Figure]:
    yield from on_the_founding_page(shared)
    yield from on_coverage(shared)


def on_the_founding_page(shared: Path) -> Iterator[Figure]:
    """The first of the two pages that the project was founded on."""
    rows = list(
        map(json.loads, (shared / "newsweb/worlds/seeds/truth.jsonl").open(encoding="utf-8"))
    )
    world = {
        row["url"]: row
        for row in map(json.loads, (shared / "newsweb/worlds/seeds/world.jsonl").open("rb"))
    }
    start = min((row["url"] for row in rows[:2]), key=lambda url: world[url]["published"])
    story = {row["url"] for row in rows if row["story"] is not None} & set(world)
    latest = max(row["published"] for row in world.values())
    yield from compared(shared, "seeds", [(start, story, a_day_after(latest))], "the founding page")


def on_coverage(shared: Path) -> Iterator[Figure]:
    """Articles of three stories: the first, a middle and the last one."""
    coverage = shared / "newsweb/worlds/coverage"
    dates = {
        row["url"]: row["published"]
        for row in map(json.loads, (coverage / "world.jsonl").open(encoding="utf-8"))
    }
    stories = sorted(chosen(coverage, "report", dates), key=len, reverse=True)[:STORIES]
    asked_about = [
        (
            at_place(urls, dates, PLACES[number]),
            set(urls),
            a_day_after(max(dates[url] for url in urls)),
        )
        for number, urls in enumerate(stories)
    ]
    yield from compared(shared, "coverage", asked_about, "a story of many outlets")


def compared(
    shared: Path, world: str, about: Sequence[tuple[str, set[str], str]], where: str
) -> Iterator[Figure]:
    """Both ways, for each article that is started from."""
    pairs = [
        (
            urls,
            by_adding_all(shared, world, start, now),
            by_investigating(shared, world, start, now),
        )
        for start, urls, now in about
    ]
    whole = sum(len(urls) for urls, *_ in pairs)
    for kind in ("fetched", "listed"):
        all_of, ours = (
            sum(len(getattr(pair[place], kind) & pair[0]) for pair in pairs) for place in (1, 2)
        )
        yield Figure(
            f"{where}: articles of it that are {kind}, of {whole}",
            ours,
            "",
            all_of,
            "all outlets added",
            "≥ 1 ×",
        )
    right, listed = (
        sum(len(found.listed & of) for of, _, found in pairs),
        sum(len(pair[2].listed) for pair in pairs),
    )
    yield Figure(f"{where}: precision of what is listed", right / max(1, listed))
    for_all = sum(every.requests for _, every, _ in pairs)
    ours = sum(found.requests for _, _, found in pairs)
    yield Figure(f"{where}: requests", ours, "", for_all, "all outlets added", "≤ 1/3")


def by_adding_all(shared: Path, world: str, start: str, now: str) -> Came:
    with newsweb(shared, world, "--now", now) as address, tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "archive"
        call(address, folder, now, "outlet", "add", *json.load(urlopen(f"{address}/hosts")))
        call(address, folder, now, "follow", start, "--name", "story")
        call(address, folder, now, "crawl", "--story", "story", "--delay", "0")
        return came(address, folder)


def by_investigating(shared: Path, world: str, start: str, now: str) -> Came:
    with newsweb(shared, world, "--now", now) as address, tempfile.TemporaryDirectory() as made:
        folder, hosts = Path(made) / "archive", list(json.load(urlopen(f"{address}/hosts")))
        (Path(made) / "hosts.txt").write_text("\n".join(hosts))
        files = (
            "--catalogue",
            str(Path(made) / "hosts.txt"),
            "--out",
            str(Path(made) / "dossier.html"),
        )
        call(
            address,
            folder,
            now,
            "investigate",
            start,
            "--yes",
            "--outlets",
            str(len(hosts)),
            "--delay",
            "0",
            *files,
        )
        return came(address, folder)


def call(address: str, folder: Path, now: str, *words: str) -> None:
    environment = {**os.environ, "http_proxy": address, "https_proxy": address, "DATELINE_NOW": now}
    command = [sys.executable, "-m", "crawler", *words, "--archive", str(folder)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, env=environment, check=True, **quiet)  # type: ignore[call-overload]


def came(address: str, folder: Path) -> Came:
    db = sqlite3.connect(folder / "archive.db")
    fetched, listed = (
        {row[0] for row in db.execute(query)}
        for query in (
            "SELECT url FROM urls WHERE article_id IS NOT NULL",
            "SELECT url FROM story_coverage",
        )
    )
    db.close()
    return Came(fetched, listed, asked_in_all(address))


if __name__ == "__main__":
    show(("investigating", figure) for figure in figures(SHARED))
