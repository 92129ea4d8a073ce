"""Back-fill: what a record costs that is excluded, beside one that is read and written.

The pages are those of `bench.cluster`, of 100 kB, each a gzipped record of one WARC file. Every
selection excludes all of them. A page is read by one process, and everything is written. One large
file is imported by two workers in parts, by one worker, and by two workers as a single gzip
stream, which only the driver can read. The
words of stories are tried on real pages with known stories: how many of a story's reports pass, and
how many other reports of the same press and months.
"""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from archive.articles.stories import ConfirmedArticle, Story
from bench.cluster import (
    ImportCost,
    address_of,
    articles_a_second,
    articles_world,
    timed_import,
    write_pages,
)
from bench.figures import Figure
from crawler.backfill.known_pages import known_pages
from crawler.backfill.selection import Selection
from crawler.backfill.story_words import StoryWords, weighted_words, words_of_story
from crawler.cluster.connection import open_cluster
from crawler.cluster.page_readers import ClusterReaders, LocalReaders, open_readers
from crawler.files.warc_files import read_placed_pages
from crawler.jobs.import_files import ImportChoice, import_files
from pipelines.text.terms import text_terms
from pipelines.topics.stories import story_profile, story_vector
from pipelines.urls import url_key

PAGES, READ_PAGES, PAGE_BYTES = 300, 100, 100_000
TURNS = 3
LARGE_PAGES, LARGE_TURNS = 600, 1
"""Pages of one large file, about six parts, and how often each way imports it."""
MIN_STORY_REPORTS = 3
"""Reports of a story: the first one confirms it, and the others have to pass."""
LEAST_DOCUMENTS = 250
"""Articles that the frequency of a word counts among at least, as in an archive."""

StoryRow = dict[str, Any]


def figures(shared: Path) -> Iterator[Figure]:
    """Measure everything in a folder that is deleted."""
    folder = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    try:
        yield from cost_figures(folder)
        yield from large_file_figures(folder)
    finally:
        shutil.rmtree(folder)
    yield from story_figures(shared / "corpus")


# -- costs -----------------------------------------------------------------------------------------


def cost_figures(folder: Path) -> Iterator[Figure]:
    """Yield what records cost that are excluded, and those that are read."""
    packed = partial(gzip.compress, compresslevel=6)
    file = write_pages(folder / "pages.warc.gz", range(PAGES), PAGE_BYTES, packed)
    some = write_pages(folder / "some.warc.gz", range(READ_PAGES), PAGE_BYTES, packed)
    reading = milliseconds_to_read(folder / "read", some)
    yield Figure("CPU to read and write a page of 100 kB", reading, "ms")
    for name, selection in selections().items():
        each = min(milliseconds_to_exclude(file, selection) for _ in range(TURNS))
        yield Figure(f"CPU to exclude a record by {name}", each, "ms")
        yield Figure("of which one that is read takes", reading / each, "", wanted="≥ 100")
    elsewhere = Selection(hosts=frozenset({"elsewhere.example"}))
    began = time.monotonic()
    result = import_files(folder / "apart", [file], None, choice=ImportChoice(elsewhere))
    assert result.excluded.total() == PAGES
    yield Figure("records a second of an import that excludes all", PAGES / (time.monotonic() - began), "/s")  # fmt: skip


def selections() -> dict[str, Selection]:
    """Return selections that take none of the pages, by what excludes them."""
    made = [articles_world().article(number) for number in range(PAGES)]
    absent = weighted_words({f"absent{number}": 1.0 / (1 + number) for number in range(24)})
    return {
        "its host": Selection(hosts=frozenset({"elsewhere.example"})),
        "the day of its capture": Selection(since="2027-01-01"),
        "its URL, known in the archive": Selection(
            known=known_pages(url_key(address_of(each)) for each in made)
        ),
        "the day in its page": Selection(until="1999-12-31"),
        "its language": Selection(languages=frozenset({"xx"})),
        "the words of a story": Selection(story="none", words=absent),
    }


def milliseconds_to_exclude(file: Path, selection: Selection) -> float:
    """Return the CPU time that a record of a file takes; all of them have to be excluded."""
    began = time.process_time()
    found = Counter(type(each.found).__name__ for each in read_placed_pages(file, selection.filters()))  # fmt: skip
    seconds = time.process_time() - began
    assert found == {"ExcludedRecord": PAGES}, found
    return 1000 * seconds / PAGES


def milliseconds_to_read(folder: Path, file: Path) -> float:
    """Return the CPU time of this process and its reader for a page that is read and written."""
    with open_readers(None, 1) as readers:
        began = time.process_time()
        assert import_files(folder, [file], None, readers=readers).outcomes["new"] == READ_PAGES
        driver = time.process_time() - began
        assert isinstance(readers, LocalReaders)
        reader = sum(worker.cpu_seconds for worker in readers._crew)
    return 1000 * (driver + reader) / READ_PAGES


# -- one large file --------------------------------------------------------------------------------


def large_file_figures(folder: Path) -> Iterator[Figure]:
    """Yield the pages a second of one file that two workers read in parts."""
    packed = partial(gzip.compress, compresslevel=6)
    file = write_pages(folder / "large.warc.gz", range(LARGE_PAGES), PAGE_BYTES, packed)
    warm = write_pages(folder / "warm.warc.gz", range(LARGE_PAGES, LARGE_PAGES + 40), PAGE_BYTES, packed)  # fmt: skip
    stream = folder / "stream.warc.gz"
    with gzip.open(file) as records, gzip.open(stream, "wb", compresslevel=6) as out:
        shutil.copyfileobj(records, out)
    costs: dict[str, list[ImportCost]] = defaultdict(list)
    with open_cluster("local:2") as two, open_cluster("local:1") as one:
        while two.threads < 2 or one.threads < 1:
            time.sleep(0.1)
        for turn in range(-1, LARGE_TURNS):
            for way, each, connection in (
                ("parts", file, two), ("one task", file, one), ("stream", stream, two)
            ):  # fmt: skip
                archive, readers = folder / "large", ClusterReaders(connection)
                cost = timed_import(archive, each if turn >= 0 else warm, readers)
                costs[way] += [cost] * (turn >= 0)
    parts, one_task, by_driver = map(articles_a_second, costs.values())
    what = "pages a second of one large file, in parts, two workers"
    yield Figure(what, parts, "/s", one_task, "one task, one worker")
    yield Figure("the same, beside a single gzip stream", parts, "/s", by_driver, "read by the driver")  # fmt: skip
    ours, theirs = (min(each.cpu_ms for each in costs[way]) for way in ("parts", "stream"))
    yield Figure("CPU of the driver for each page of it", ours, "ms", theirs, "read by the driver")


# -- stories ---------------------------------------------------------------------------------------


def story_figures(corpus: Path) -> Iterator[Figure]:
    """Yield how many reports of stories pass by their words, and how many others do."""
    rows = [json.loads(line) for line in (corpus / "stories-long" / "daniel.jsonl").open()]
    pages = {row["id"]: page_of_row(corpus, row) for row in rows}
    frequencies: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        frequencies[row["lang"]].update(set(text_terms(text_of_row(row), row["lang"])))
    reports: dict[tuple[str, str], list[StoryRow]] = defaultdict(list)
    for row in rows:
        for name in row["stories"]:
            reports[name, row["lang"]].append(row)
    passed: Counter[tuple[bool, bool]] = Counter()
    for (name, language), listed in reports.items():
        if len(listed) < MIN_STORY_REPORTS:
            continue
        seed = min(listed, key=lambda row: str(row["date"]))
        words = words_of_report(seed, frequencies[language])
        for row in rows:
            if row["lang"] == language and row is not seed and name not in row["perhaps"]:
                passed[name in row["stories"], words.may_be_in(pages[row["id"]], "")] += 1
    belonging, others = passed[True, True], passed[False, True]
    count = belonging + passed[True, False]
    yield Figure(f"reports that pass by their story's words, of {count}", belonging, "", count, "all")  # fmt: skip
    many = others + passed[False, False]
    yield Figure("other reports of the same press that pass", 100 * others / many, "%")


def page_of_row(corpus: Path, row: StoryRow) -> bytes:
    """Return the page of a report."""
    return gzip.decompress((corpus / "dev" / "pages" / f"{row['id']}.html.gz").read_bytes())


def text_of_row(row: StoryRow) -> str:
    """Return headline and text of a report."""
    return f"{row['title'] or ''}\n{row['text']}"


def words_of_report(row: StoryRow, frequencies: Counter[str]) -> StoryWords:
    """Return the words of a story that one report confirms."""
    vector = story_vector(
        row["title"],
        None,
        row["text"],
        row["lang"],
        lambda terms: ({term: frequencies[term] for term in terms}, LEAST_DOCUMENTS),
    )
    story = Story(1, "story", "Story", None, (), None, None, (), (), None)
    confirmed = ConfirmedArticle(json.dumps(vector), row["date"], row["lang"], row["source"])
    return words_of_story(story_profile(story, [confirmed]), [(text_of_row(row), row["lang"])])
