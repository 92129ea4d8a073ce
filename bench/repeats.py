"""Removal of boilerplate: words outside of the article before and after, and words lost from it.

    python -m bench.repeats [--shared PATH]

The pages are one whole outlet of 116 articles, and the outlets of the extraction corpus with three
pages or more. Boilerplate is learnt from each article as it arrives, as an archive does, and from
all of them at once, as `dateline extract` does with many files. The rules were chosen on the half
of the outlets called `tune`.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from lxml import html

from archive.articles.boilerplate import OutletText, classify_lines, remember_lines, trim_text
from archive.records import Capture
from archive.storage.schema import BOILERPLATE_SCHEMA_SQL, split_statements
from bench.extraction import WITH_HEADLINE, WORDS, capture, f1, kept_apart
from bench.figures import SHARED, Figure
from crawler.extraction.extract import extract_article
from crawler.jobs.extract_batch import ExtractBatch
from pipelines.dedup.boilerplate import BOILERPLATE_POLICY

FEWEST = 3
"""Minimum number of pages of an outlet; from fewer nothing can be learnt."""
MANY = 20
"""Minimum number of pages of an outlet that gets its own lines in the table."""
DATED = re.compile(r"/20\d\d/\d\d/\d\d/")
"""In the URLs of the whole outlet's articles."""
UNSPACED = ("zh", "ja")


@dataclass(frozen=True)
class Page:
    """A page as extracted alone, and its reference text, if known."""

    host: str
    text: str
    language: str | None
    page_type: str
    source: str = "site"
    kept_apart: bool = True
    headline: str = ""
    truth: str | None = None
    truth_language: str | None = None

    def words(self, text: str) -> Counter[str]:
        """Return the words of a text, or its characters in unspaced languages."""
        if self.truth_language in UNSPACED:
            return Counter(letter for letter in text if letter.isalnum())
        return Counter(WORDS.findall(text.lower()))

    def score(self, text: str) -> float:
        """Return the F1 of a text against the reference."""
        headed = f"{self.headline}\n{text}" if self.source in WITH_HEADLINE else text
        return f1(headed, self.truth or "", self.truth_language)


# -- the pages -------------------------------------------------------------------------------------


def site_pages(shared: Path) -> list[Page]:
    """Return the articles of the whole outlet in the order of their URLs.

    The reference is what its pages mark as the article. That includes the outlet's standing notes
    about itself, which are the words lost.
    """
    root = next(iter(sorted((shared / "corpus" / "sites").glob("*/www"))))
    found = []
    for file in sorted(root.rglob("index.html")):
        path = f"/{file.parent.relative_to(root)}/"
        if DATED.search(path):
            body = file.read_bytes()
            truth = "\n".join(
                " ".join(part.itertext()) for part in _article_parts(html.fromstring(body))
            )
            came = Capture(
                f"https://{root.parent.name}{path}", body, fetched_at="2026-07-02T23:59:59Z"
            )
            found.append(_read(came, truth=truth, truth_language="en"))
    return found


def _article_parts(tree: html.HtmlElement) -> list[html.HtmlElement]:
    """Return the elements that the page marks as the article."""
    return [*tree.find_class("article-content"), *tree.find_class("analysis-box")]


def corpus_pages(corpus: Path) -> list[Page]:
    """Return the pages of the outlets with enough pages, ordered by the day of capture."""
    with (corpus / "manifest.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    many = Counter(row.get("host") for row in rows)
    rows = [row for row in rows if row.get("host") and many[row["host"]] >= FEWEST]
    return [
        _corpus_page(corpus, row)
        for row in sorted(rows, key=lambda row: row.get("crawl_date") or "")
    ]


def _corpus_page(corpus: Path, row: dict[str, Any]) -> Page:
    """Return a page of the corpus."""
    article = row.get("page_type", "article") == "article" and row.get("body_grade") == "A"
    return _read(
        capture(corpus, row),
        host=row["host"],
        source=row["source"],
        kept_apart=kept_apart(row),
        truth=row.get("truth_text")
        if article and "truth_not_in_page" not in row.get("flags", ())
        else None,
        truth_language=row.get("lang"),
    )


def _read(came: Capture, host: str | None = None, **more: object) -> Page:
    """Extract a page."""
    article = extract_article(came)
    told = (article.text, article.language, article.page_type)
    return Page(host or came.url.split("/")[2], *told, headline=article.headline or "", **more)  # type: ignore[arg-type]


# -- learning --------------------------------------------------------------------------------------


def as_batch(pages: Iterable[Page]) -> list[str]:
    """Return the texts as `dateline extract` prints them for many files."""
    with ExtractBatch() as spool:
        for page in pages:
            row = {
                "text": page.text,
                "language": page.language,
                "page_type": page.page_type,
                "word_count": 0,
            }
            spool.add(row, page.host.removeprefix("www."))
        return [json.loads(line)["text"] for line in spool.lines()]


def as_they_arrive(pages: Iterable[Page]) -> tuple[list[str], float]:
    """Return the texts as an archive stores them in this order, and bytes per article of its
    tables."""
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in split_statements(BOILERPLATE_SCHEMA_SQL):
            db.execute(statement)
        db.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, text TEXT)")
        outlets: dict[str, int] = {}
        texts = [
            _arrived(db, page, outlets.setdefault(page.host, len(outlets) + 1)) for page in pages
        ]
        size = db.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name IN ('boilerplate_lines', 'boilerplate_candidates')"
        ).fetchone()[0]
        return texts, size / max(1, db.execute("SELECT count(*) FROM articles").fetchone()[0])


def _arrived(db: sqlite3.Connection, page: Page, outlet_id: int) -> str:
    """Store a page, and return its text without boilerplate."""
    if page.page_type != "article" or not page.text:
        return page.text
    told = OutletText(outlet_id, page.text, page.language)
    lines = classify_lines(db, told, BOILERPLATE_POLICY)
    text = trim_text(
        page.text,
        BOILERPLATE_POLICY.gone(page.text, lines.boilerplate, page.language),
        BOILERPLATE_POLICY,
    ).text
    kept = db.execute("INSERT INTO articles (text) VALUES (?)", (text,))
    remember_lines(db, told, int(kept.lastrowid or 0), lines, BOILERPLATE_POLICY)
    return text


# -- measurements ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worth:
    """Measurements of the pages of an outlet or a half with known reference texts."""

    pages: int
    false: tuple[int, int, int]
    """Words outside of the reference texts: extracted alone, as they arrive, as a batch."""
    true: int
    lost: tuple[int, int]
    """Words lost from the reference texts: as they arrive, as a batch."""
    f1: tuple[float, float, float]
    """Macro mean by source."""


def worth(pages: Sequence[Page], arrived: Sequence[str], batch: Sequence[str]) -> Worth:
    """Compare three extractions of the same pages."""
    false, lost, true, many = [0, 0, 0], [0, 0], 0, 0
    scores: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
    for page, *after in zip(pages, arrived, batch, strict=True):
        if not page.truth:
            continue
        many += 1
        truth = page.words(f"{page.headline}\n{page.truth}")
        found = [page.words(text) for text in (page.text, *after)]
        false = [
            so_far + (words - truth).total() for so_far, words in zip(false, found, strict=True)
        ]
        kept = [(words & truth).total() for words in found]
        true += kept[0]
        lost = [so_far + kept[0] - now for so_far, now in zip(lost, kept[1:], strict=True)]
        scores[page.source].append(tuple(page.score(text) for text in (page.text, *after)))
    means = [[mean(column) for column in zip(*rows, strict=True)] for rows in scores.values()]
    macro = tuple(mean(column) for column in zip(*means, strict=True)) or (0.0, 0.0, 0.0)
    return Worth(many, tuple(false), true, tuple(lost), macro)  # type: ignore[arg-type]


def measured(shared: Path) -> Iterator[tuple[str, Worth, float]]:
    """Yield subject, measurements, and bytes per article used for learning."""
    logging.disable(logging.CRITICAL)
    site = site_pages(shared)
    arrived, size = as_they_arrive(site)
    yield f"{site[0].host}, one whole outlet", worth(site, arrived, as_batch(site)), size
    pages = corpus_pages(shared / "corpus" / "dev")
    arrived, size = as_they_arrive(pages)
    rows = list(zip(pages, arrived, as_batch(pages), strict=True))
    for apart, said in ((True, "outlets kept apart"), (False, "outlets tuned on")):
        yield (
            said,
            worth(*zip(*(row for row in rows if row[0].kept_apart == apart), strict=True)),
            size,
        )
    for host, many in Counter(page.host for page in pages).most_common():
        if many >= MANY:
            own = [row for row in rows if row[0].host == host]
            half = "kept apart" if own[0][0].kept_apart else "tuned on"
            yield f"{host} ({half})", worth(*zip(*own, strict=True)), size


def figures(shared: Path) -> Iterator[Figure]:
    """Yield the figures for `make bench`: false words before and after, by outlet and half."""
    for what, told, size in measured(shared):
        if told.pages:
            yield Figure(
                f"false words, {what}, {told.pages} pages",
                told.false[2],
                "",
                told.false[0],
                "read alone",
            )
            yield Figure(
                "  the same, learnt as they arrive", told.false[1], "", told.false[0], "read alone"
            )
            yield Figure(
                "  true words lost, of a thousand", 1000 * told.lost[1] / max(1, told.true), ""
            )
            yield Figure("  F1, macro mean by source", told.f1[2], "", told.f1[0], "read alone")
            yield Figure("  kept to learn from, bytes an article", size)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=SHARED)
    options = parser.parse_args(arguments)
    if not (options.shared / "corpus" / "sites").is_dir():
        print(f"repeats: nothing measured, {options.shared} is not here")
        return
    heads = (
        "pages",
        "false",
        "arriving",
        "batch",
        "true",
        "lost",
        "lost",
        "F1",
        "arriving",
        "batch",
        "bytes",
    )
    print(f"{'':42}" + "".join(f"{head:>9}" for head in heads))
    for what, told, size in measured(options.shared):
        numbers = (told.pages, *told.false, told.true, *told.lost)
        scores = "".join(f"{score:>9.4f}" for score in told.f1)
        print(
            f"{what:42}" + "".join(f"{number:>9,}" for number in numbers) + f"{scores}{size:>9.0f}"
        )


if __name__ == "__main__":
    main()
