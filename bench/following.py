"""The quality of following a story from one article: `make bench`.

`python -m bench.following --half tune` measures the half of the stories on which numbers are
chosen; the other half, by a hash of the name, is reported.

On full texts: the articles that are found, and those that are listed. On the founding pages:
whether they find each other, and nothing else. Through a web of outlets, from an empty archive: how
much of the coverage is found with how few requests.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from urllib.request import urlopen

from lxml import html

from archive.articles.stories import MAX_STORY_CANDIDATES, Story, StoryCandidate, StoryVerdict
from bench.crawl import asked, newsweb
from bench.figures import SHARED, Figure, show
from pipelines.text.terms import text_terms
from pipelines.text.vectors import cosine_similarity
from pipelines.topics.stories import LIKELY_PROBABILITY, list_story, story_vector

Row = dict[str, Any]
SETS = ("g5w1h", "wikinews", "basil")
BARE = ("fnc",)
"""Texts without a headline: with them the pool is made as the one on which the wanted figures were
first measured."""
FOLLOWED = 60
"""Articles of full texts from which a story is followed."""
PLACES = ("first", "middle", "last")
"""Positions of the followed article among those of its story, in turn."""
STORIES, SHARE = 20, 0.25
"""Followed through the web, and the share of all its articles that may be asked for."""


def figures(shared: Path, half: str = "report") -> Iterator[Figure]:
    """Yield the figures of one half; no number was chosen on the half `report`."""
    yield from on_texts(shared, half)
    yield from on_founding_pages(shared)
    yield from through_the_web(shared, half, "each story's")
    yield from through_the_web(shared, half, "the end's")
    yield from long_stories_through_the_web(shared)


def is_of(story: str, half: str) -> bool:
    return half == "all" or zlib.crc32(story.encode()) % 2 == {"tune": 0, "report": 1}[half]


# -- full texts ------------------------------------------------------------------------------------


class Pool:
    """Articles, each as a story sees it among the others."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        held = [
            set(text_terms(f"{row['title'] or ''}\n{row['text'][:6000]}", row.get("lang") or "en"))
            for row in rows
        ]
        self.frequencies = Counter(term for each in held for term in each)
        self.vectors = [
            self.vector(row["title"], row["text"], row.get("lang") or "en") for row in rows
        ]

    def vector(self, title: str, text: str, language: str = "en") -> dict[str, float]:
        return dict(
            story_vector(title, None, text, language, lambda _: (self.frequencies, len(self.rows)))
        )

    def scores(self, number: int) -> list[float]:
        """Return each article's probability for the story followed from one; -1 for itself.

        As an archive does, it judges the nearest ones alone; the others follow in the order of
        their likeness.
        """
        towards = [cosine_similarity(self.vectors[number], seen) for seen in self.vectors]
        nearest = sorted(range(len(towards)), key=lambda each: (each != number, -towards[each]))[
            :MAX_STORY_CANDIDATES
        ]
        told = [self.candidate(each, "belongs" if each == number else None) for each in nearest]
        values = [each / 1_000 for each in towards]
        for each, judgement in zip(
            nearest, list_story(Story(1, "s", "s"), told).judgements, strict=True
        ):
            values[each] = max(judgement.probability, values[each])
        values[number] = -1.0
        return values

    def candidate(self, number: int, verdict: StoryVerdict | None) -> StoryCandidate:
        moment = self.rows[number].get("date") or None
        return StoryCandidate(
            number, self.vectors[number], moment, None, "a.example", None, verdict
        )


def on_texts(shared: Path, half: str) -> Iterator[Figure]:
    """From each article whose story has others: the best match, the best as many as there are, and
    what is listed."""
    full = texts(shared)
    yield from found_and_listed("full texts", full, half)
    yield from found_and_listed(
        "full texts, dates withheld", [{**row, "date": None} for row in full], half
    )
    yield from found_and_listed("full texts and bare ones", texts(shared, SETS + BARE), half)


def found_and_listed(kind: str, rows: Sequence[Row], half: str) -> Iterator[Figure]:
    pool, stories = Pool(rows), [row["story"] for row in rows]
    sizes = Counter(stories)
    first, best, precision, recall = [], [], [], []
    several = [
        number for number, story in enumerate(stories) if sizes[story] > 1 and is_of(story, half)
    ]
    for number in sorted(several, key=lambda each: zlib.crc32(f"followed {each}".encode()))[
        :FOLLOWED
    ]:
        story = stories[number]
        values = pool.scores(number)
        order = sorted(range(len(values)), key=lambda each: -values[each])
        mates = sizes[story] - 1
        hits = [stories[each] == story for each in order]
        listed = sum(value >= LIKELY_PROBABILITY for value in values)
        first.append(hits[0])
        best.append(sum(hits[:mates]) / mates)
        precision.append(sum(hits[:listed]) / listed if listed else 1.0)
        recall.append(sum(hits[:listed]) / mates)
    yield Figure(f"{kind}: P@1", mean(first), "", None, "", "≥ .96")
    yield Figure(f"{kind}: R-precision", mean(best), "", None, "", "≥ .92")
    yield Figure(
        f"{kind}: F1 of what is listed", f1(mean(precision), mean(recall)), "", None, "", "≥ .85"
    )


def texts(shared: Path, sets: Sequence[str] = SETS) -> list[Row]:
    lines = (
        line
        for name in sets
        for line in (shared / f"corpus/text-stories/{name}.jsonl").open(encoding="utf-8")
    )
    return [json.loads(line) for line in lines]


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall)


# -- the founding pages ----------------------------------------------------------------------------


def on_founding_pages(shared: Path) -> Iterator[Figure]:
    """Two pages, two months apart, among all the texts: with the date that the second does not
    state, and without."""
    seeds = shared / "newsweb/worlds/seeds"
    truth = [json.loads(line) for line in (seeds / "truth.jsonl").open(encoding="utf-8")]
    world = {
        row["url"]: row for row in map(json.loads, (seeds / "world.jsonl").open(encoding="utf-8"))
    }
    others = texts(shared) + [row for row in truth if row["story"] is None]
    headlines = sorted(listed_headlines(seeds))
    for kind, dated in (("as dated", False), ("both dated", True)):
        pair = [
            {**row, "date": row["date"] or (world[row["url"]]["published"] if dated else None)}
            for row in truth[:2]
        ]
        pool = Pool(
            [*pair, *others, *({"title": line, "text": "", "date": None} for line in headlines)]
        )
        for number, name in ((0, "first"), (1, "second")):
            values = pool.scores(number)
            ranks = sorted(values, reverse=True)
            within = f"founding pages {kind}, from the {name}"
            yield Figure(
                f"{within}: the other",
                values[1 - number],
                "",
                ranks[1],
                "the next",
                "listed, first",
            )
            listed = sum(value >= LIKELY_PROBABILITY for value in values[-len(headlines) :])
            yield Figure(
                f"{within}: headlines of their lists that are listed",
                listed,
                f"of {len(headlines)}",
                wanted="0",
            )


def listed_headlines(seeds: Path) -> set[str]:
    """Return the links and headings, of four words or more, on the founding pages."""
    found = set()
    for page in ("seed0", "seed1"):
        root = html.fromstring(gzip.decompress((seeds / f"pages/{page}.html.gz").read_bytes()))
        for element in root.iter("a", "h2", "h3", "h4"):
            words = element.text_content().split()
            found |= {" ".join(words)} if len(words) >= 4 else set()
    return found


# -- through the web -------------------------------------------------------------------------------


class Followed(NamedTuple):
    """The result of following one article."""

    right: int
    listed: int
    all: int
    fetched: int
    """Articles of the story that the archive has, listed or not."""


def through_the_web(shared: Path, half: str, clock: str) -> Iterator[Figure]:
    """Twenty stories, one after the other, from one article each, into one archive with all outlets
    and no article.

    The web's clock stands a day after each story's last article, or at the end of the whole world,
    when feeds have forgotten most of them.
    """
    coverage = shared / "newsweb/worlds/coverage"
    dates = {
        row["url"]: row["published"]
        for row in map(json.loads, (coverage / "world.jsonl").open(encoding="utf-8"))
    }
    stories = chosen(coverage, half, dates)
    folder = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    try:
        with newsweb(shared, "coverage") as address:
            call(address, folder, "outlet", "add", *json.load(urlopen(f"{address}/hosts")))
            came = []
            for number, urls in enumerate(stories):
                place = PLACES[number % len(PLACES)]
                if clock == "each story's":
                    urlopen(
                        f"{address}/clock?now={quote(a_day_after(max(dates[url] for url in urls)))}"
                    ).read()
                came.append(
                    follow(address, folder, f"story {number}", urls, at_place(urls, dates, place))
                )
            requests = asked(address)
    finally:
        shutil.rmtree(folder)
    yield from summed(came, requests, len(dates), f"through the web, clock at {clock}")


def chosen(coverage: Path, half: str, dates: Mapping[str, str]) -> list[list[str]]:
    """The half's stories of two articles or more that come first by a hash, in the order of
    time."""
    stories = defaultdict(list)
    for row in map(json.loads, (coverage / "truth.jsonl").open(encoding="utf-8")):
        stories[row["story"]].append(row["url"])
    several = [story for story, urls in stories.items() if len(urls) > 1 and is_of(story, half)]
    picked = sorted(several, key=lambda story: zlib.crc32(f"followed {story}".encode()))[:STORIES]
    return sorted(
        (stories[story] for story in picked), key=lambda urls: max(dates[url] for url in urls)
    )


def a_day_after(moment: str) -> str:
    return (datetime.fromisoformat(moment) + timedelta(days=1)).isoformat()


def at_place(urls: Sequence[str], dates: Mapping[str, str], place: str) -> str:
    """The first, the middle or the last of a story's articles in time."""
    in_order = sorted(urls, key=lambda url: (dates[url], url))
    return in_order[{"first": 0, "middle": len(urls) // 2, "last": -1}[place]]


def follow(address: str, folder: Path, name: str, urls: Sequence[str], start: str) -> Followed:
    """Follow a story from one of its articles, crawl for it, and count."""
    call(address, folder, "follow", start, "--name", name)
    call(address, folder, "crawl", "--story", name, "--delay", "0")
    db = sqlite3.connect(folder / "archive.db")
    query = "SELECT url FROM story_coverage WHERE story = ?"
    listed = {row[0] for row in db.execute(query, (name.replace(" ", "-"),))}
    kept = {row[0] for row in db.execute("SELECT url FROM urls WHERE article_id IS NOT NULL")}
    db.close()
    return Followed(len(listed & set(urls)), len(listed), len(urls), len(kept & set(urls)))


def call(address: str, folder: Path, *words: str) -> None:
    environment = {**os.environ, "http_proxy": address, "https_proxy": address}
    command = [sys.executable, "-m", "crawler", *words, "--archive", str(folder)]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


# -- long stories through the web ------------------------------------------------------------------

LONG_STORIES = 6
"""Number of stories that last months, followed through the web."""


def long_stories_through_the_web(shared: Path) -> Iterator[Figure]:
    """Stories of 10 to 170 days, each from one article, the web's clock at the end of them all.

    This half of the set is the one on which stories were tuned; for what is fetched nothing was.
    """
    with tempfile.TemporaryDirectory(prefix="dateline-bench-") as made:
        world = Path(made) / "world"
        stories, dates = long_world(shared / "corpus/stories-long/as21.jsonl", world)
        folder = Path(made) / "archive"
        with newsweb(shared, str(world)) as address:
            call(address, folder, "outlet", "add", *json.load(urlopen(f"{address}/hosts")))
            came = []
            for number, urls in enumerate(stories):
                start = at_place(urls, dates, PLACES[number % len(PLACES)])
                came.append(follow(address, folder, f"story {number}", urls, start))
            requests = asked(address)
    yield from summed(came, requests, len(dates), "long stories through the web")


def long_world(file: Path, world: Path) -> tuple[list[list[str]], dict[str, str]]:
    """Makes a world of a set of long stories; the addresses of each story that is followed, and
    when each is from."""
    world.mkdir(parents=True)
    stories, dates = defaultdict(list), {}
    with (world / "world.jsonl").open("w", encoding="utf-8") as out:
        for row in map(json.loads, file.open(encoding="utf-8")):
            day, number = row["date"][:10].replace("-", "/"), zlib.crc32(row["id"].encode()) % 9973
            url = (
                f"http://www.{slug(row['source'])}.example/{day}/{slug(row['title'])[:80]}-{number}"
            )
            dates[url] = row["date"]
            for story in row["stories"]:
                stories[story].append(url)
            page = {
                "url": url,
                "published": row["date"],
                "title": row["title"],
                "text": row["text"],
                "lang": "en",
            }
            out.write(json.dumps(page) + "\n")
    several = [story for story, urls in stories.items() if len(urls) >= 8]
    picked = sorted(several, key=lambda story: zlib.crc32(f"followed {story}".encode()))[
        :LONG_STORIES
    ]
    return [stories[story] for story in picked], dates


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "page"


def summed(came: Sequence[Followed], requests: int, pages: int, where: str) -> Iterator[Figure]:
    right, listed, whole, fetched = (sum(each[place] for each in came) for place in range(4))
    yield Figure(f"{where}: recall", right / whole, "", None, "", "≥ .92")
    yield Figure(f"{where}: precision", right / listed, "", None, "", "≥ .92")
    yield Figure(f"{where}: recall of what was fetched, listed or not", fetched / whole)
    many = len(came)
    none = sum(each.right <= 1 for each in came)
    yield Figure(
        f"{where}: stories of which no other article is found", none, f"of {many}", wanted="0"
    )
    yield Figure(
        f"{where}: recall, the followed articles left out", (right - many) / (whole - many)
    )
    yield Figure(
        f"{where}: precision, the followed articles left out",
        (right - many) / max(1, listed - many),
    )
    yield Figure(
        f"{where}: articles asked for", requests, "", SHARE * pages, "a quarter of all", "≤ 1/4"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--half", choices=["tune", "report", "all"], default="report")
    options.add_argument("--part", choices=["texts", "founding", "web", "end", "long"])
    asked_for = options.parse_args()
    parts: dict[str, Callable[[], Iterator[Figure]]] = {
        "texts": lambda: on_texts(SHARED, asked_for.half),
        "founding": lambda: on_founding_pages(SHARED),
        "web": lambda: through_the_web(SHARED, asked_for.half, "each story's"),
        "end": lambda: through_the_web(SHARED, asked_for.half, "the end's"),
        "long": lambda: long_stories_through_the_web(SHARED),
    }
    for name, part in parts.items():
        if asked_for.part in (None, name):
            show((name, figure) for figure in part())


if __name__ == "__main__":
    main()
