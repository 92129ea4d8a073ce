"""Training of `crawler/extraction/main_text/line_weights.toml` on pages with known texts.

    python -m bench.train_lines [--shared PATH] [--out
    crawler/extraction/main_text/line_weights.toml]

A block belongs to the article if half of its 4-grams occur in the reference text. Logistic
regression with a ridge penalty, fitted by Newton's method; sources have equal weight, as have the
pages of a source, and blocks are weighted by their words. The ridge was chosen on the half of the
outlets that rules are written on (`bench.extraction --half tune`); the weights are learnt from both
halves.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.extraction import FEWEST, Row, capture, outlet, pages, units
from bench.figures import SHARED
from bench.weights import Table, apart, as_toml, rounded
from crawler.extraction.extract import open_own_page, text_claims
from crawler.extraction.html_tree import parse_page
from crawler.extraction.main_text.line_features import compute_block_features

RIDGE = 4.0
MOST_OF_A_PAGE = 0.3
"""Maximum share of a page's weight that one block has."""
SEEN_ON = 20
"""Minimum number of blocks with a feature; rarer features are omitted."""
STEPS = 12
BESIDE_TEXT = """
comment navigation foot side related share advertisement subscription overlay hidden author teaser tags credit
"""
AGAINST = frozenset(
    (
        *(f"{where}called {name}" for where in ("", "in what is ") for name in BESIDE_TEXT.split()),
        *(f"within {tag}" for tag in ("aside", "footer", "nav", "form", "details")),
        *("in a footer", "rights", "read more", "a button's words", "an address"),
        *("linked some", "linked most", "linked all"),
    )
)
"""Features that never count for a block: they mark what stands beside articles."""
FOR = frozenset(("called article text", "in what is called article text", "called text"))
"""Features that never count against a block."""


def main(arguments: list[str] | None = None) -> None:
    """Learn the weights, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument(
        "--out", type=Path, default=Path("crawler/extraction/main_text/line_weights.toml")
    )
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    known = labelled_pages(options.shared / "corpus" / "dev")
    table = learnt(known)
    blocks = sum(len(page.blocks) for page in known)
    options.out.write_text(as_toml(table, about(len(known), blocks)), encoding="utf-8")
    print(f"{len(table)} weights from {blocks} blocks of {len(known)} pages")


Example = tuple[list[str], bool, float]
"""A block's features, its class (part of the article) and its weight."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A page with labelled blocks."""

    source: str
    outlet: str
    blocks: list[Example]


def labelled_pages(corpus: Path) -> list[Labelled]:
    """Return the labelled pages of all outlets, of both halves."""
    return [
        Labelled(row["source"], outlet(row), list(labelled(corpus, row)))
        for row in pages(corpus, "both")
    ]


def tables_apart(corpus: Path) -> list[Table]:
    """Return for each tenth of the outlets the weights learnt from the others."""
    return apart(labelled_pages(corpus), lambda page: page.outlet, learnt)


def labelled(corpus: Path, row: Row) -> Iterator[Example]:
    """Yield the labelled blocks of a page."""
    came = capture(corpus, row)
    page, headline = open_own_page(parse_page(came).tree, came)
    truth = units(row["truth_text"], row.get("lang"))
    grams = {tuple(truth[at : at + 4]) for at in range(len(truth) - 3)}
    lines = {tuple(units(line, row.get("lang"))) for line in row["truth_text"].split("\n")}
    total = max(len(truth), 60)
    for one in compute_block_features(page.blocks, text_claims(page, headline)):
        words = units(one.block.text, row.get("lang"))
        own = [tuple(words[at : at + 4]) for at in range(len(words) - 3)]
        true = sum(gram in grams for gram in own) * 2 >= len(own) if own else tuple(words) in lines
        held = "-" if one.found == "no" else "+"
        yield (
            [sign + held for sign in one.signs],
            true,
            min((len(words) + 2) / total, MOST_OF_A_PAGE),
        )


def learnt(known: list[Labelled]) -> Table:
    """Return feature → weight; sources with few pages are ignored."""
    many = Counter(page.source for page in known)
    return fitted(
        [
            (signs, true, share / many[page.source])
            for page in known
            if many[page.source] >= FEWEST
            for signs, true, share in page.blocks
        ]
    )


def fitted(examples: list[Example]) -> Table:
    """Fit the weights, dropping features whose weight contradicts their meaning (FOR, AGAINST)."""
    seen = Counter(sign for signs, _, _ in examples for sign in set(signs))
    names = sorted(sign for sign, number in seen.items() if number >= SEEN_ON)
    while True:
        table = _by_newton(names, examples)
        kept = [sign for sign in names if not _is_senseless(sign[:-1], table.get(sign, 0.0))]
        if kept == names:
            return table
        names = kept


def _is_senseless(sign: str, weight: float) -> bool:
    """Return whether a weight contradicts the meaning of its feature."""
    return (sign in AGAINST and weight > 0) or (sign in FOR and weight < 0)


def _by_newton(names: list[str], examples: list[Example]) -> Table:
    """Fit a logistic regression by Newton's method."""
    place = {sign: at for at, sign in enumerate(names)}
    x = np.zeros((len(examples), len(names)), dtype=np.float32)
    for at, (signs, _, _) in enumerate(examples):
        x[at, [place[sign] for sign in signs if sign in place]] = 1
    y = np.array([true for _, true, _ in examples], dtype=np.float32)
    counts = np.array([weight for _, _, weight in examples], dtype=np.float32)
    counts /= counts.mean()
    w = np.zeros(len(names))
    for _ in range(STEPS):
        odds = 1 / (1 + np.exp(-np.clip(x @ w.astype(np.float32), -30, 30)))
        slope = x.T @ (counts * (odds - y)) + RIDGE * w
        curve = (x * (counts * odds * (1 - odds))[:, None]).T @ x + RIDGE * np.eye(len(names))
        step = np.linalg.solve(curve, slope)
        w -= step
        if np.abs(step).max() < 1e-3:
            break
    return rounded(names, w)


def about(many_pages: int, blocks: int) -> str:
    """Return the comment at the head of the file."""
    return (
        "# How much each sign speaks for a block of a page (crawler/extraction/main_text/line_classifier.py); `+`\n"
        "# where trafilatura has it, `-` where it has not. Written by `python -m bench.train_lines`\n"
        f"# from {blocks} blocks of {many_pages} pages.\n"
    )


if __name__ == "__main__":
    main()
