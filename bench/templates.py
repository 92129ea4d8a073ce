"""Templates of outlets: error and CPU of a page alone, and with up to 20 other pages known.

    python -m bench.templates [--half report|tune|both] [--shared PATH]

Each page of an outlet is read twice: alone, and by the template that is learnt from the outlines of
up to 20 other pages of the outlet, then without the lines that these pages and it repeat. Learning
sees no truth. The outlets are those with at least six pages with a trusted text, the whole outlet of
`sites/`, and for the fields those of fundus-tests with at least five pages. Numbers were chosen on
the half of the outlets called `tune`.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

from archive.frontier.outlet_templates import TemplateEvidence
from archive.records import Article, Capture, OutletTemplate
from bench.extraction import (
    HALVES,
    SAID,
    WITH_HEADLINE,
    Row,
    capture,
    f1,
    is_of,
    pages,
)
from bench.figures import SHARED, Figure
from bench.repeats import DATED
from crawler.extraction.extract import extract_article
from crawler.extraction.rules.outlet_rules import ANY_OUTLET
from crawler.jobs.extract_batch import ExtractBatch
from pipelines.template_learning import learn_from_outline, make_template

KNOWN_PAGES = 20
"""Other pages of an outlet that are known at most."""
MIN_OUTLET_PAGES = 6
"""Pages of an outlet with fewer teach no template to each of them."""
HOSTS_OF_OTHERS = ("web.archive.org", "www.google.com")
"""Hosts that show pages of many outlets."""
COMPARED_FIELDS = ("headline", "published_at", "authors", "byline", "standfirst", "page_type")
LEARNING = replace(ANY_OUTLET, learns=True)


@dataclass(frozen=True)
class OutletPage:
    """A page of an outlet, and the reference for its text, if there is one."""

    capture: Capture
    row: Row

    def score(self, article: Article, text: str | None = None) -> float:
        """Return the F1 of a text against the reference, by default the article's."""
        said = article.text if text is None else text
        headed = self.row["source"] in WITH_HEADLINE
        whole = f"{article.headline or ''}\n{said}" if headed else said
        return f1(whole, self.row["truth_text"], self.row.get("lang"))


@dataclass(frozen=True)
class PageFigures:
    """The figures of one page: alone, by the template, and without repeated lines as well."""

    known: int
    alone: float | None
    by_template: float | None
    with_lines: float | None
    seconds_alone: float
    seconds_known: float
    has_template: bool
    changed: tuple[str, ...]
    """The fields that differ between the two readings."""


def outlets_of_corpus(corpus: Path, half: str) -> dict[str, list[OutletPage]]:
    """Return the outlets with enough pages with a trusted text, those with most pages first."""
    found = defaultdict[str, list[OutletPage]](list)
    for row in pages(corpus, half):
        if row.get("host") and row["host"] not in HOSTS_OF_OTHERS:
            host = row["host"].removeprefix("www.")
            found[host].append(OutletPage(capture(corpus, row), row))
    most_first = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return {host: own for host, own in most_first if len(own) >= MIN_OUTLET_PAGES}


def pages_of_site(shared: Path) -> tuple[str, list[OutletPage]]:
    """Return host and articles of the whole outlet; its texts have no reference."""
    root = next(iter(sorted((shared / "corpus" / "sites").glob("*/www"))))
    found = []
    for file in sorted(root.rglob("index.html")):
        path = f"/{file.parent.relative_to(root)}/"
        if DATED.search(path):
            url = f"https://{root.parent.name}{path}"
            at = "2026-07-02T23:59:59Z"
            found.append(OutletPage(Capture(url, file.read_bytes(), fetched_at=at), {}))
    return root.parent.name, found


def measure_outlet(own: Sequence[OutletPage]) -> list[PageFigures]:
    """Return the figures of each page of an outlet, with the pages that follow it known."""
    learnt = [extract_article(page.capture, LEARNING) for page in own]
    templates = [template_of_articles(_others(learnt, place)) for place in range(len(own))]
    readings = [
        (timed_reading(page.capture, None), timed_reading(page.capture, template))
        for page, template in zip(own, templates, strict=True)
    ]
    figures = []
    for place, page in enumerate(own):
        (alone, seconds_alone), (known, seconds_known) = readings[place]
        others = _others([article for _, (article, _) in readings], place)
        text = text_beside_others(others, known)
        changed = [name for name in COMPARED_FIELDS if getattr(alone, name) != getattr(known, name)]
        scores: tuple[float | None, float | None, float | None] = (None, None, None)
        if "truth_text" in page.row:
            scores = (page.score(alone), page.score(known), page.score(known, text))
        figures.append(
            PageFigures(
                len(others),
                *scores,
                seconds_alone,
                seconds_known,
                templates[place] is not None,
                tuple(changed),
            )
        )
    return figures


def _others(articles: Sequence[Article], place: int) -> list[Article]:
    """Return the articles after one of them, then those before it, as many as count as known."""
    return [*articles[place + 1 :], *articles[:place]][:KNOWN_PAGES]


def template_of_articles(articles: Iterable[Article]) -> OutletTemplate | None:
    """Return the template that the outlines of some articles give, as an archive learns it."""
    evidence = TemplateEvidence()
    for article in articles:
        if article.outline:
            evidence = learn_from_outline(evidence, article.outline)
    return make_template(evidence) if evidence.learnt >= MIN_OUTLET_PAGES - 1 else None


def timed_reading(came: Capture, template: OutletTemplate | None) -> tuple[Article, float]:
    """Read a page, and return its article with the CPU seconds."""
    rule = replace(LEARNING, template=template) if template else None
    began = time.process_time()
    article = extract_article(came, rule)
    return article, time.process_time() - began


def text_beside_others(others: Iterable[Article], article: Article) -> str:
    """Return a text without the lines that it and other articles of the outlet repeat."""
    with ExtractBatch() as batch:
        for each in (*others, article):
            batch.add(_batch_row(each), "outlet.example")
        return str(json.loads(list(batch.lines())[-1])["text"])


def _batch_row(article: Article) -> dict[str, Any]:
    return asdict(replace(article, outline=(), features=None))


# -- the table -------------------------------------------------------------------------------------


def measured(shared: Path, half: str) -> Iterator[tuple[str, list[PageFigures]]]:
    """Yield the outlets with the figures of their pages."""
    logging.disable(logging.CRITICAL)
    for host, own in outlets_of_corpus(shared / "corpus" / "dev", half).items():
        yield host, measure_outlet(own)
    if half == "both" or is_of({"domain": "cgnnews.net"}, half):
        host, own = pages_of_site(shared)
        yield host, measure_outlet(own)


def error_share(figures: Sequence[PageFigures], column: str) -> float:
    """Return the error with other pages known as a share of the error of pages read alone."""
    truths = [each for each in figures if each.alone is not None]
    before = sum(1 - (each.alone or 0) for each in truths)
    after = sum(1 - getattr(each, column) for each in truths)
    return after / before if before else 1.0


def cpu_share(figures: Sequence[PageFigures]) -> float:
    """Return the CPU with a template as a share of the CPU of the same pages read alone."""
    with_template = [each for each in figures if each.has_template]
    alone = sum(each.seconds_alone for each in with_template)
    return sum(each.seconds_known for each in with_template) / alone if alone else 1.0


def figures(shared: Path) -> Iterator[Figure]:
    """Yield the figures for `make bench`, on outlets kept apart from tuning."""
    every = [page for _, own in measured(shared, "report") for page in own]
    well_known = [page for page in every if page.known >= KNOWN_PAGES]
    for said, own in ((f"{KNOWN_PAGES} pages known", well_known), ("5 or more known", every)):
        yield Figure(f"error of text with {said}", error_share(own, "with_lines"), "× alone")
        yield Figure("  by the template alone", error_share(own, "by_template"), "× alone")
        yield Figure("  CPU a page", cpu_share(own), "× alone")


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--half", choices=HALVES, default="report", help="of the outlets")
    options = parser.parse_args(arguments)
    if not (options.shared / "corpus" / "dev" / "manifest.jsonl").is_file():
        print(f"templates: nothing measured, {options.shared} is not here")
        return
    print(f"outlets {SAID[options.half]}")
    heads = ("pages", "known", "F1", "template", "lines too", "CPU ms", "share")
    print(f"{'':34}" + "".join(f"{head:>10}" for head in heads) + "  fields that differ")
    every: list[PageFigures] = []
    for host, own in measured(options.shared, options.half):
        print_outlet(host, own)
        every += own
    print_outlet("all", every)
    print_outlet(f"{KNOWN_PAGES} known", [each for each in every if each.known >= KNOWN_PAGES])
    print_outlet("5–19 known", [each for each in every if each.known < KNOWN_PAGES])


def print_outlet(name: str, own: Sequence[PageFigures]) -> None:
    """Print one line of the table."""
    truths = [each for each in own if each.alone is not None]
    columns = ("alone", "by_template", "with_lines")
    scores = [mean(getattr(each, name) for each in truths) if truths else 1 for name in columns]
    milliseconds = mean(each.seconds_alone for each in own) * 1000 if own else 0
    numbers = f"{len(own):>10}{mean(each.known for each in own) if own else 0:>10.1f}"
    changed = [name for each in own for name in each.changed]
    differ = ", ".join(f"{name} {changed.count(name)}" for name in dict.fromkeys(changed))
    print(
        f"{name:34}{numbers}"
        + "".join(f"{score:>10.4f}" for score in scores)
        + f"{milliseconds:>10.1f}{cpu_share(own):>10.2f}  {differ}",
        flush=True,
    )
    if name in ("all",) or name.endswith("known"):
        lines, template = (error_share(own, each) for each in ("with_lines", "by_template"))
        print(f"{'':34}error {template:.3f} × alone by the template, {lines:.3f} with lines")


if __name__ == "__main__":
    main()
