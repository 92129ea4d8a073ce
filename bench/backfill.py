"""Back-fill: what a record costs that is excluded, beside one that is read and written.

The pages are those of `bench.cluster`, of 100 kB, each a gzipped record of one WARC file. Every
selection excludes all of them. A page is read by one process, and everything is written. The
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
from bench.cluster import address_of, articles_world, write_pages
from bench.figures import Figure
from crawler.backfill.known_pages import known_pages
from crawler.backfill.selection import Selection
from crawler.backfill.story_words import StoryWords, weighted_words, words_of_story
from crawler.cluster.page_readers import LocalReaders, open_readers
from crawler.files.warc_files import read_placed_pages
from crawler.jobs.import_files import ImportChoice, import_files
from pipelines.text.terms import text_terms
from pipelines.topics.stories import story_profile, story_vector
from pipelines.urls import url_key

PAGES, READ_PAGES, PAGE_BYTES = 300, 100, 100_000
TURNS = 3
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
