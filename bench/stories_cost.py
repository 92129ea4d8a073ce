"""The cost of stories in an archive of 100,000 articles: `python -m bench.stories_cost`.

`--articles 10000` sets another size. Measured are the CPU times of an article that is written while
20 stories are followed, of a renewed listing, and of a person's verdict and its withdrawal; all are
also measured on a tenth as many articles, as none may grow with the archive. The CPU time is that
of the whole process, with all threads. Articles are written as a crawl writes them, in transactions
of `DATELINE_BATCH`; each has its share of the commit.

`bench.stories_archive` says what the articles are. A built archive is kept in the temporary folder,
as building takes minutes: some 6 ms of CPU for each article.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive import archive, check_writer
from archive.articles import stories
from archive.records import Article, Check
from archive.storage.counted_keys import counts_in_memory
from archive.storage.database import transaction
from bench.figures import SHARED, Figure, show
from bench.stories_archive import Made, World, built_archive
from crawler.settings import DATELINE_BATCH
from pipelines.identity import identify_check
from pipelines.policies import archive_policies
from pipelines.text_features import with_text_features

ARTICLES, STORIES = 100_000, 20
WRITTEN, RELISTED = 6 * DATELINE_BATCH, 3
"""Articles that are written, and listings of each story."""


# -- what is measured ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU in milliseconds, in order."""

    written: list[float]
    followed: list[float]
    """The first listing of a story."""
    relisted: list[float]
    judged: list[float]
    withdrawn: list[float]
    elapsed: list[float]
    """Elapsed milliseconds of a person's verdict, with all that follows."""


KINDS = (
    ("CPU of an article that is written", "written", "≤ 10 ms, flat"),
    ("CPU of a story's first listing", "followed", ""),
    ("CPU of a renewed listing", "relisted", "≤ 200 ms"),
    ("CPU of a verdict with its listing", "judged", ""),
    ("CPU of a verdict that is withdrawn", "withdrawn", ""),
    ("a verdict with its listing, elapsed", "elapsed", "< 1 s"),
)


def figures(_shared: Path, articles: int = ARTICLES) -> Iterator[Figure]:
    """On a tenth of the articles first: whether it is flat."""
    few, many = measured(articles // 10), measured(articles)
    beside = f"{articles // 10:,} articles"
    for kind, of, wanted in KINDS:
        here, there = getattr(many, of), getattr(few, of)
        for share, name in ((0.95, "p95"), (0.5, "median")):
            yield Figure(f"{kind}, {STORIES} stories, {articles:,} articles: {name}", at(here, share), "ms",
                         at(there, share), beside, wanted if share > 0.5 else "")  # fmt: skip


def at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def measured(articles: int) -> Cost:
    """On a copy of the built archive."""
    kept = built_archive(articles)
    with tempfile.TemporaryDirectory(prefix="dateline-bench-") as name:
        folder = Path(name) / "archive"
        shutil.copytree(kept, folder)
        os.sync()
        with archive.Archive(folder) as opened:
            return cost(opened.db, articles)


class Watch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self._cpu, self._elapsed = time.process_time(), time.monotonic()

    @property
    def cpu(self) -> float:
        return 1_000 * (time.process_time() - self._cpu)

    @property
    def elapsed(self) -> float:
        return 1_000 * (time.monotonic() - self._elapsed)


def cost(db: sqlite3.Connection, articles: int) -> Cost:
    judge = archive_policies().stories
    followed, first = [], []
    for number in range(STORIES):
        watch = Watch()
        followed.append(follow(db, number, articles - articles // 25 * number, judge))
        first.append(watch.cpu)
    relisted = []
    for story_id in followed * RELISTED:
        watch = Watch()
        with transaction(db):
            stories.relist_story(db, story_id, judge)
        relisted.append(watch.cpu)
    judged, withdrawn, elapsed = [], [], []
    for story_id in followed:
        (article_id,) = db.execute(
            "SELECT article_id FROM story_articles WHERE story_id = ? AND verdict IS NULL LIMIT 1",
            (story_id,),
        ).fetchone() or (1,)
        watch = Watch()
        give_verdict(db, story_id, article_id, True, judge)
        judged.append(watch.cpu)
        elapsed.append(watch.elapsed)
        watch = Watch()
        give_verdict(db, story_id, article_id, None, judge)
        withdrawn.append(watch.cpu)
    written = write_in_batches(db, articles)
    values = (written, first, relisted, judged, withdrawn, elapsed)
    return Cost(*(sorted(each) for each in values))


def give_verdict(
    db: sqlite3.Connection,
    story_id: int,
    article_id: int,
    belongs: bool | None,
    judge: stories.StoryPolicy,
) -> None:
    with transaction(db):
        stories.record_verdict(db, story_id, [article_id], belongs, judge)


def write_in_batches(db: sqlite3.Connection, articles: int) -> list[float]:
    """The CPU of each of the articles that are written, with its share of the commit."""
    world, decisions, written = World(), archive_policies(), []
    for start in range(articles + 1, articles + 1 + WRITTEN, DATELINE_BATCH):
        checks = [check_of(world.article(start + number)) for number in range(DATELINE_BATCH)]
        spent = []
        whole = Watch()
        with transaction(db), counts_in_memory(db):
            for check in checks:
                watch = Watch()
                check_writer.write_check_or_failure(db, check, decisions, None)
                spent.append(watch.cpu)
        share = (whole.cpu - sum(spent)) / len(spent)
        written += [each + share for each in spent]
    return written


def follow(db: sqlite3.Connection, number: int, article_id: int, judge: stories.StoryPolicy) -> int:
    with transaction(db):
        return stories.save_story(db, f"story-{number}", [article_id], judge)


def check_of(made: Made) -> Check:
    url = f"https://outlet{made.outlet}.example/news/{made.number}"
    article = Article(
        url, headline=made.headline, language=made.language, published_at=made.moment,
        fetched_at=made.moment, text=made.text, word_count=len(made.ids),
    )  # fmt: skip
    return identify_check(Check(url, "new", made.moment, 200, article=with_text_features(article)))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--articles", type=int, default=ARTICLES)
    show(("stories_cost", figure) for figure in figures(SHARED, options.parse_args().articles))


if __name__ == "__main__":
    main()
