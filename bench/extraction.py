"""Quality and speed of the extraction, compared with trafilatura (default, metadata) in one run.

    python -m bench.extraction [--half report|tune|both] [--weights apart|shipped] [--shared PATH]
    [--sample N]

The outlets are split in two by a hash of their domain: rules were written and numbers chosen on one
half (`tune`), and the other is reported (`report`). The shipped weights are learnt from both;
`apart` evaluates each tenth of the outlets with weights learnt from the others, so that every
outlet counts as unknown. F1 is of 4-grams of words (of characters in Chinese and Japanese), macro
means by source; sources with fewer than 20 pages are shown and not counted in the mean.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import logging
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any
from unittest.mock import patch

from trafilatura import bare_extraction

from archive.records import Article, Capture
from bench.figures import SHARED, Figure
from bench.weights import part_of
from crawler.extraction.extract import extract_article
from crawler.extraction.main_text import line_classifier

Row = dict[str, Any]
Reader = Callable[[bytes, Row], Row]
WORDS = re.compile(r"\w+")
WITH_HEADLINE = ("waddle-daniel", "cleanportaleval")
"""Sources whose reference texts begin with the headline."""

SAID = {
    "report": "kept apart while rules were written",
    "tune": "that rules were written on",
    "both": "of both halves",
}
HALVES = tuple(SAID)
KNOWN = {
    "apart": "read with weights learnt without them",
    "shipped": "read with weights learnt from them too",
}


def pages(corpus: Path, half: str = "report", sample: int | None = None) -> list[Row]:
    """Return the manifest rows of articles with a trusted text, evenly spread if sampled."""
    with (corpus / "manifest.jsonl").open(encoding="utf-8") as lines:
        rows = [row for line in lines if _counts(row := json.loads(line)) and is_of(row, half)]
    step = max(1, len(rows) // sample) if sample else 1
    return rows[::step][:sample]


def _counts(row: Row) -> bool:
    """Return whether the row is an article with a trusted text."""
    known = (
        row.get("body_grade") == "A"
        and row.get("truth_text")
        and "truth_not_in_page" not in row.get("flags", ())
    )
    return bool(known) and row.get("page_type", "article") == "article"


def outlet(row: Row) -> str:
    """Return the identity of a page's outlet; a page without a known outlet is an outlet by
    itself."""
    return str(row.get("domain") or row.get("host") or row["id"])


def kept_apart(row: Row) -> bool:
    """Return whether the outlet belongs to the half that was not used for writing rules."""
    return hashlib.sha1(f"keep{outlet(row)}".encode()).digest()[-1] % 2 == 1


def is_of(row: Row, half: str) -> bool:
    """Return whether the row belongs to the half."""
    return half == "both" or kept_apart(row) == (half == "report")


def units(text: str, language: str | None) -> list[str]:
    """Return the case-folded words of a text; in Chinese and Japanese its characters."""
    return (
        [c for c in text if c.isalnum()]
        if language in ("zh", "ja")
        else WORDS.findall(text.lower())
    )


def shingles(text: str, language: str | None) -> Counter[tuple[str, ...]]:
    """Return the 4-grams of a text."""
    parts = units(text, language)
    return Counter(tuple(parts[at : at + 4]) for at in range(max(1, len(parts) - 3)))


def f1(text: str, truth: str, language: str | None) -> float:
    """Return the F1 of two texts' 4-grams, from 0 to 1."""
    got, wanted = shingles(text, language), shingles(truth, language)
    return 2 * (got & wanted).total() / (got.total() + wanted.total())


def ours(body: bytes, row: Row) -> Row:
    """Return our extraction of a page."""
    article: Article = extract_article(Capture(url=url_of(row), body=body, fetched_at=when(row)))
    names = list(article.authors)
    return {
        "headline": article.headline,
        "text": article.text,
        "at": article.published_at,
        "printed": article.published_day,
        "authors": names,
    }


def ours_apart(corpus: Path) -> Reader:
    """Return an extractor with weights learnt without the page's outlet."""
    from bench.train_lines import tables_apart  # which reads pages as this module does

    parted = [
        {has: line_classifier.select_weights(table, has) for has in (True, False)}
        for table in tables_apart(corpus)
    ]

    def read(body: bytes, row: Row) -> Row:
        with patch.object(
            line_classifier, "feature_weights", parted[part_of(outlet(row))].__getitem__
        ):
            return ours(body, row)

    return read


def theirs(body: bytes, row: Row) -> Row:
    """Return trafilatura's extraction, with default settings and metadata."""
    found: Any = bare_extraction(body, url=url_of(row), with_metadata=True, include_comments=False)
    if found is None:
        return {"headline": None, "text": "", "at": None, "printed": None, "authors": []}
    names = [name for part in (found.author or "").split(";") if (name := part.strip())]
    return {
        "headline": found.title,
        "text": found.text or "",
        "at": found.date,
        "printed": found.date,
        "authors": names,
    }


def url_of(row: Row) -> str:
    """Return the URL of a page, or a plausible one if it is unknown."""
    return str(row.get("url") or f"http://{row.get('host') or 'unknown.example'}/page")


def when(row: Row) -> str:
    """Return the time at which a page of the corpus counts as fetched."""
    return (row.get("crawl_date") or "2026-11-01")[:10] + "T23:59:59Z"


def body_of(corpus: Path, row: Row) -> bytes:
    """Return the bytes of a page."""
    return gzip.decompress((corpus / row["html_path"]).read_bytes())


def capture(corpus: Path, row: Row) -> Capture:
    """Return a page of the corpus as a capture."""
    return Capture(url=url_of(row), body=body_of(corpus, row), fetched_at=when(row))


def judged(read: Reader, body: bytes, row: Row) -> Row:
    """Return the scores of one extraction of one page; fields without a reference are omitted."""
    start = time.process_time()
    got = read(body, row)
    spent = (time.process_time() - start) * 1000
    headed = row["source"] in WITH_HEADLINE
    text = f"{got['headline'] or ''}\n{got['text']}" if headed else got["text"]
    truth = row["truth_text"]
    marks: Row = {
        "ms": spent,
        "f1": f1(text, truth, row.get("lang")),
        "exact": plain(text) == plain(truth),
    }
    if row["source"] == "fundus-tests":
        marks |= dict(_metadata_marks(got, row))
    return marks


def _metadata_marks(got: Row, row: Row) -> Iterator[tuple[str, bool]]:
    """Yield name and correctness of each metadata field with a reference."""
    if row.get("truth_title"):
        yield (
            "headline",
            " ".join((got["headline"] or "").split()) == " ".join(row["truth_title"].split()),
        )
    if row.get("truth_authors") is not None:
        yield "authors", sorted(got["authors"]) == sorted(row["truth_authors"])
    if (date := row.get("truth_date")) and "truth_date_suspect" not in row.get("flags", ()):
        minute = len(date) > 10 and _same_minute(got["at"] or "", date)
        yield "day", minute or (got["at"] or "")[:10] == date[:10]
        if not date.endswith(("Z", "+00:00")):  # which says nothing of the outlet's own day
            yield "day in UTC", (got["at"] or "")[:10] == date[:10]
            yield "day as printed", (got["printed"] or "")[:10] == date[:10]
        if len(date) > 10:
            yield "minute", minute


def _same_minute(one: str, other: str) -> bool:
    """Return whether two timestamps agree to the minute."""
    if len(one) < 16:
        return False
    a, b = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (one, other))
    if a.tzinfo is None or b.tzinfo is None:
        a, b = a.replace(tzinfo=None), b.replace(tzinfo=None)
    return abs((a - b).total_seconds()) <= 60


def plain(text: str) -> str:
    """Return the words of a text, to compare texts for equality."""
    return " ".join(WORDS.findall(text.lower()))


Marks = dict[tuple[str, str], list[Row]]
"""Source and extractor → the scores of each page."""


def measured(
    corpus: Path, half: str = "report", sample: int | None = None, mine: Reader = ours
) -> Marks:
    """Run both extractors on the same pages."""
    logging.disable(logging.CRITICAL)
    marks: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for read in (mine, theirs):  # what is loaded once a process is not a page's cost
        read(
            b"<html><body><p>" + b"The ferry left the island at noon. " * 9,
            {"id": "none", "source": "none"},
        )
    for row in pages(corpus, half, sample):
        body = body_of(corpus, row)
        for name, read in (("dateline", mine), ("trafilatura", theirs)):
            marks[row["source"], name].append(judged(read, body, row))
    return marks


def figures(shared: Path) -> Iterator[Figure]:
    """Yield the figures for `make bench`, on outlets unknown to rules and weights."""
    corpus = shared / "corpus" / "dev"
    marks = measured(corpus, mine=ours_apart(corpus))
    sources = sorted({source for source, _ in marks})
    beside = "trafilatura default"

    def both(column: str, source: str) -> tuple[float, float]:
        ours_, theirs_ = (
            [row[column] for row in marks[source, name] if column in row]
            for name in ("dateline", "trafilatura")
        )
        return mean(ours_), mean(theirs_)

    scores = [both("f1", source) for source in sources]
    for source, (mine, other) in zip(sources, scores, strict=True):
        many = len(marks[source, "dateline"])
        yield Figure(f"text F1, {source}, {many} pages", mine, "", other, beside)
    yield Figure(
        "text F1, macro mean",
        mean(mine for mine, _ in scores),
        "",
        mean(other for _, other in scores),
        beside,
    )
    exact = [both("exact", source) for source in sources]
    yield Figure(
        "texts exact, macro mean", mean(a for a, _ in exact), "", mean(b for _, b in exact), beside
    )
    cpu = [both("ms", source) for source in sources]
    yield Figure(
        "CPU a page, with metadata, macro mean",
        mean(a for a, _ in cpu),
        "ms",
        mean(b for _, b in cpu),
        beside,
    )
    for column in ("headline", "day", "day as printed", "authors"):
        mine, other = both(column, "fundus-tests")
        yield Figure(f"{column} right, fundus-tests", mine, "", other, beside)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--sample", type=int, help="measure on N pages only")
    parser.add_argument(
        "--half",
        choices=HALVES,
        default="report",
        help="of the outlets; `tune` is what was tuned on",
    )
    parser.add_argument(
        "--weights", choices=tuple(KNOWN), default="apart", help="learnt without the outlet"
    )
    options = parser.parse_args(arguments)
    corpus = options.shared / "corpus" / "dev"
    if not (corpus / "manifest.jsonl").is_file():
        print(f"extraction: nothing measured, {corpus} is not here")
        return
    print(f"outlets {SAID[options.half]}, {KNOWN[options.weights]}")
    mine = ours_apart(corpus) if options.weights == "apart" else ours
    report(measured(corpus, options.half, options.sample, mine))


def report(marks: Marks) -> None:
    """Print a line per source and extractor with the share of trafilatura's error that is gone, and
    the means."""
    columns = (
        *("f1", "exact", "ms", "headline", "day", "day in UTC", "day as printed"),
        *("minute", "authors"),
    )
    print(
        f"{'source':18}{'reader':13}{'pages':>6}"
        + "".join(f"{name:>{_column_width(name)}}" for name in columns)
        + f"{'gone':>8}"
    )
    for source in sorted({source for source, _ in marks}):
        gone = error_gone(marks, source)
        for name in READERS:
            rows = marks[source, name]
            values = [[row[column] for row in rows if column in row] for column in columns]
            cells = "".join(
                f"{mean(value):>{_column_width(column)}.4f}"
                if value
                else " " * _column_width(column)
                for column, value in zip(columns, values, strict=True)
            )
            print(
                f"{source:18}{name:13}{len(rows):>6}{cells}"
                + (f"{gone:>8.1%}" if name == READERS[0] else "")
            )
    counted = [
        source
        for source in sorted({source for source, _ in marks})
        if len(marks[source, READERS[0]]) >= FEWEST
    ]
    means = {
        (name, column): _macro(marks, counted, name, column)
        for name in READERS
        for column in columns[:3]
    }
    for name in READERS:
        print(
            f"{'macro mean':18}{name:13}{'':>6}"
            + "".join(f"{means[name, column]:>10.4f}" for column in columns[:3])
        )
    ratios = [
        means["dateline", column] / max(means["trafilatura", column], 1e-9)
        for column in ("exact", "ms")
    ]
    print(f"exact {ratios[0]:.2f} times as often; {ratios[1]:.2f} of the CPU")


def _column_width(name: str) -> int:
    """Return the width of a column of the table."""
    return max(10, len(name) + 2)


READERS = ("dateline", "trafilatura")
FEWEST = 20
"""Minimum number of pages of a source that counts in the mean."""


def error_gone(marks: Marks, source: str) -> float:
    """Return the share of trafilatura's error (1 - F1) that our extraction avoids."""
    mine, other = (mean(row["f1"] for row in marks[source, name]) for name in READERS)
    return float((mine - other) / max(1 - other, 1e-9))


def _macro(marks: Marks, sources: list[str], name: str, column: str) -> float:
    """Return the mean of a column over sources."""
    return (
        mean(mean(row[column] for row in marks[source, name]) for source in sources)
        if sources
        else 0.0
    )


if __name__ == "__main__":
    main()
