"""Precision and recall of the decision whether a page is an article.

    python -m bench.page_types [--half report|tune|both] [--weights apart|shipped] [--shared PATH]
    [--wrong]

Precision and recall are of the one source that states the type of each page; so are the share of
pages with the right type, and the F1 of their words as that source measures it. Shown beside it are
the articles of the other sources, all news, which must stay articles, and the pages of one whole
outlet, whose articles have dates in their URLs. The outlets are split in two as in
`bench.extraction`, and `--weights apart` evaluates each tenth of them with weights learnt from the
others. `--wrong` lists the misclassified pages of the half that rules were written on.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from unittest.mock import patch

from archive.records import Capture, PageType, is_stored_type
from bench.extraction import HALVES, KNOWN, SAID, WORDS, Row, capture, is_of, outlet, url_of
from bench.figures import SHARED, Figure
from bench.repeats import DATED
from bench.weights import Table, part_of
from crawler.extraction.extract import extract_article
from crawler.extraction.page_types import page_type_features

TYPED = "wcxb"
"""The source that states the type of each page."""
TYPES_BY_TRUTH: dict[str, PageType] = {
    "article": "article",
    "forum": "forum",
    "documentation": "document",
    "product": "product",
    "collection": "listing",
    "listing": "listing",
    "service": "other",
}
"""Our types for those of the source: a collection lists products, a service is an offer."""
WANTED = 0.95


@dataclass(frozen=True)
class Judged:
    """A page, its true type and the type that was found."""

    source: str
    url: str
    true: str
    taken: str
    reason: str | None
    words_f1: float | None = None
    """F1 of the words of the text, as the typed source measures it; None without a reference."""

    @property
    def right(self) -> bool:
        """Return whether the page was recognised as an article or not, as is true."""
        return (self.true == "article") == is_stored_type(self.taken)

    @property
    def told_apart(self) -> bool:
        """Return whether the type is the true one."""
        return self.right and (self.true == "article" or TYPES_BY_TRUTH[self.true] == self.taken)


@dataclass(frozen=True)
class LearntWeights:
    """Weights in favour of an article, and in favour of each type of other pages."""

    article: Table
    types: dict[str, Table]


@dataclass(frozen=True)
class Worth:
    """Precision and recall of "is an article" on some pages."""

    pages: int
    articles: int
    precision: float
    recall: float


def rows(corpus: Path, half: str) -> list[Row]:
    """Return the manifest rows of pages with a type or a trusted text."""
    with (corpus / "manifest.jsonl").open(encoding="utf-8") as lines:
        every = [json.loads(line) for line in lines]
    return [
        row
        for row in every
        if (row["source"] == TYPED or row.get("body_grade") == "A") and is_of(row, half)
    ]


def typed_corpora(shared: Path) -> list[Path]:
    """Return the folders of pages with types; the second has pages of the typed source alone."""
    return [shared / "corpus" / "dev", shared / "corpus" / "wcxb"]


def judged(corpus: Path, half: str, tables: Sequence[LearntWeights] = ()) -> Iterator[Judged]:
    """Yield the corpus pages with the types found.

    `tables` are the weights for the pages of each tenth of the outlets; without them the shipped
    weights are used.
    """
    for row in rows(corpus, half):
        with _weighed(tables[part_of(outlet(row))]) if tables else nullcontext():
            article = extract_article(capture(corpus, row))
        true = row.get("page_type") or "article"
        truth = row.get("truth_text")
        score = None if truth is None else words_f1(article.text, truth)
        yield Judged(
            row["source"], url_of(row), true, article.page_type, article.page_reason, score
        )


def words_f1(text: str, truth: str) -> float:
    """Return the F1 of the words of two texts in any order; an empty truth wants an empty text."""
    got, wanted = Counter(WORDS.findall(text.lower())), Counter(WORDS.findall(truth.lower()))
    if not got or not wanted:
        return float(got == wanted)
    return 2 * (got & wanted).total() / (got.total() + wanted.total())


def mean_words_f1(found: Sequence[Judged]) -> float:
    """Return the mean of the scores of pages with a reference text."""
    return mean([row.words_f1 for row in found if row.words_f1 is not None] or [0.0])


def _weighed(learnt: LearntWeights) -> AbstractContextManager[object]:
    """Use these weights while the context is open."""
    return patch.multiple(
        page_type_features,
        page_type_weights=lambda: learnt.article,
        weights_by_type=lambda: learnt.types,
    )


def judged_outlets(shared: Path) -> Iterator[Judged]:
    """Yield the pages of whole outlets: articles where the URL has a date, other pages
    elsewhere."""
    for root in sorted((shared / "corpus" / "sites").glob("*/www")):
        for file in sorted(root.rglob("*.html")):
            path = f"/{file.relative_to(root)}".removesuffix("index.html")
            url = f"https://{root.parent.name}{path}"
            article = extract_article(
                Capture(url=url, body=file.read_bytes(), fetched_at="2026-07-02T23:59:59Z")
            )
            true = "article" if DATED.search(path) else "no article"
            yield Judged(root.parent.name, url, true, article.page_type, article.page_reason)


def learnt_apart(shared: Path) -> list[LearntWeights]:
    """Return for each tenth of the outlets the weights learnt from the others."""
    # which reads pages as this module does
    from bench.train_page_types import examples_of, tables_apart

    return tables_apart(examples_of(shared))


def worth(found: Sequence[Judged]) -> Worth:
    """Return precision and recall; 1 where no page counts."""
    true = sum(row.true == "article" for row in found)
    taken = sum(is_stored_type(row.taken) for row in found)
    both = sum(row.true == "article" and is_stored_type(row.taken) for row in found)
    return Worth(len(found), true, both / taken if taken else 1.0, both / true if true else 1.0)


def by_source(found: Sequence[Judged]) -> dict[str, list[Judged]]:
    """Return the pages by source, the typed source first."""
    sources = sorted({row.source for row in found}, key=lambda source: (source != TYPED, source))
    return {source: [row for row in found if row.source == source] for source in sources}


def figures(shared: Path) -> Iterator[Figure]:
    """Yield the figures for `make bench`, on outlets unknown to rules and weights."""
    logging.disable(logging.CRITICAL)
    tables = learnt_apart(shared)
    corpora = typed_corpora(shared)
    found = [row for corpus in corpora for row in judged(corpus, "report", tables)]
    typed = worth([row for row in found if row.source == TYPED])
    news = worth([row for row in found if row.source != TYPED])
    others = [row for row in found if row.true != "article"]
    right = sum(row.told_apart for row in others) / max(1, len(others))
    typed_pages = [row for row in found if row.source == TYPED]
    true_articles = [row for row in typed_pages if row.true == "article"]
    yield Figure(f"F1 of words, {TYPED}, all types", mean_words_f1(typed_pages))
    yield Figure(f"F1 of words, {TYPED}, articles", mean_words_f1(true_articles))
    yield Figure(f"types of other pages right, {TYPED}, {len(others)} pages", right)
    yield Figure(
        f"articles, precision, {TYPED}, {typed.pages} pages",
        typed.precision,
        "",
        WANTED,
        "bound",
        ">= .95",
    )
    yield Figure(
        f"articles, recall, {TYPED}, {typed.articles} articles",
        typed.recall,
        "",
        WANTED,
        "bound",
        ">= .95",
    )
    yield Figure(
        f"articles, recall, other sources, {news.articles} articles",
        news.recall,
        "",
        0.995,
        "bound",
    )
    for source, pages in by_source(list(judged_outlets(shared))).items():
        whole = worth(pages)
        yield Figure(f"articles, precision, {source}, {whole.pages} pages", whole.precision)
        yield Figure(f"articles, recall, {source}, {whole.articles} articles", whole.recall)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print two tables: by source, and the typed source's pages by type."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument(
        "--half",
        choices=HALVES,
        default="report",
        help="of the outlets; `tune` is what was tuned on",
    )
    parser.add_argument(
        "--wrong", action="store_true", help="list the wrong pages (--half tune alone)"
    )
    parser.add_argument(
        "--weights", choices=tuple(KNOWN), default="apart", help="learnt without the outlet"
    )
    options = parser.parse_args(arguments)
    if options.wrong and options.half != "tune":
        parser.error("--wrong shows pages of --half tune alone: the others are kept apart")
    corpus = options.shared / "corpus" / "dev"
    if not (corpus / "manifest.jsonl").is_file():
        print(f"page_types: nothing measured, {corpus} is not here")
        return
    logging.disable(logging.CRITICAL)
    print(f"outlets {SAID[options.half]}, {KNOWN[options.weights]}; and whole outlets")
    tables = learnt_apart(options.shared) if options.weights == "apart" else ()
    corpora = typed_corpora(options.shared)
    found = [row for corpus in corpora for row in judged(corpus, options.half, tables)]
    report([*found, *judged_outlets(options.shared)])
    for row in found if options.wrong else ():
        if not row.right:
            print(f"{row.source:14} {row.true:14} {row.taken:8} {row.reason or '':45} {row.url}")


def report(found: Sequence[Judged]) -> None:
    """Print a line per source, and a line per type with the types found."""
    print(f"{'source':22}{'pages':>7}{'articles':>10}{'precision':>11}{'recall':>9}")
    for source, pages in by_source(found).items():
        told = worth(pages)
        print(
            f"{source:22}{told.pages:>7}{told.articles:>10}{told.precision:>11.4f}{told.recall:>9.4f}"
        )
    news = worth([row for row in found if row.source != TYPED and row.true == "article"])
    print(f"{'news of all others':22}{news.pages:>7}{news.articles:>10}{'':>11}{news.recall:>9.4f}")
    typed = [row for row in found if row.source == TYPED]
    print(f"\n{'is':22}{'pages':>7}{'wrong':>7}{'type':>7}{'text':>7}  taken for")
    print(f"{'all':22}{len(typed):>7}{'':>14}{mean_words_f1(typed):>7.3f}")
    for true, many in Counter(row.true for row in typed).most_common():
        taken = Counter(row.taken for row in typed if row.true == true)
        wrong = sum(not row.right for row in typed if row.true == true)
        share = sum(row.told_apart for row in typed if row.true == true) / many
        text = mean_words_f1([row for row in typed if row.true == true])
        print(
            f"{true:22}{many:>7}{wrong:>7}{share:>7.2f}{text:>7.3f}  "
            + ", ".join(f"{name} {n}" for name, n in taken.most_common())
        )


if __name__ == "__main__":
    main()
