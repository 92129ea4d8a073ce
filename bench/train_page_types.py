"""Training of `crawler/extraction/page_types/page_type_weights.toml` on pages with known types.

    python -m bench.train_page_types [--shared PATH] [--out
    crawler/extraction/page_types/page_type_weights.toml]

Two decisions are learnt. Whether a page is an article is one logistic regression, fitted by
accelerated projected gradients. Which type the others are is a second one, with a class for each
type and any sign of its weights. A feature in
FOR never counts against an article, and every other never for one, so that few pages suffice. Pages
without a URL are not used for features of URLs. Ridge and threshold were chosen on the half of the
outlets that rules are written on; the weights are learnt from both halves. The cross-validated
result is printed.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.extraction import SAID, Row, capture, kept_apart, outlet
from bench.figures import SHARED
from bench.page_types import TYPED, TYPES_BY_TRUTH, LearntWeights, rows, typed_corpora
from bench.weights import Table, apart, as_toml, part_of, rounded, toml_table
from crawler.extraction.extract import read_capture
from crawler.extraction.page_types import page_type_features

FOR = (
    *(
        "article",
        "news data",
        "dated",
        "author",
        "headline words",
        "path words",
        "day path",
        "number path",
    ),
    *("prose", "paragraph", "text", "sentences"),
)
"""Prefixes of the features that count for an article."""
RIDGE = 3.0
NEWS = 180.0
"""Total weight of the pages of each other source, all of them news; a typed page has weight 1."""
SEEN_ON = 3
STEPS = 1500


@dataclass(frozen=True)
class Example:
    """A page's features, and whether it is an article."""

    signs: set[str]
    is_article: bool
    source: str
    outlet: str
    half: str
    true: str = "article"


def main(arguments: list[str] | None = None) -> None:
    """Learn the weights, write or print the file, and print the cross-validated result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument(
        "--out", type=Path, default=Path("crawler/extraction/page_types/page_type_weights.toml")
    )
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    examples = examples_of(options.shared)
    found = learnt(examples)
    parts = (f"\n{toml_table(f'types.{kind}', table)}" for kind, table in found.types.items())
    options.out.write_text(
        as_toml(found.article, about(examples)) + "".join(parts), encoding="utf-8"
    )
    print(f"{len(found.article)} weights from {len(examples)} pages")
    tables = tables_apart(examples)
    for half in ("tune", "report"):
        print(
            f"outlets {SAID[half]}: {left_out([one for one in examples if one.half == half], tables)}"
        )


def examples_of(shared: Path) -> list[Example]:
    """Return the pages of all outlets, of both halves."""
    corpora = typed_corpora(shared)
    return [example(corpus, row) for corpus in corpora for row in rows(corpus, "both")]


def tables_apart(examples: Sequence[Example]) -> list[LearntWeights]:
    """Return for each tenth of the outlets the weights learnt from the others."""
    return apart(examples, lambda one: one.outlet, learnt)


def example(corpus: Path, row: Row) -> Example:
    """Return a page's features as `crawler.extraction.page_types.page_type` computes them."""
    read = read_capture(capture(corpus, row))
    article, steps = read.article, read.steps
    found = (
        page_type_features.page_features(
            steps.page, article.headline, article.text, bool(article.published_at)
        )
        if steps
        else set()
    )
    if not row.get("url"):
        found = {sign for sign in found if "path" not in sign and "host" not in sign}
    half = "report" if kept_apart(row) else "tune"
    true = row.get("page_type") or "article"
    return Example(found, true == "article", row["source"], outlet(row), half, true)


def learnt(examples: Sequence[Example]) -> LearntWeights:
    """Return the weights of both decisions."""
    others = [one for one in examples if not one.is_article]
    return LearntWeights(article_weights(examples), type_weights(others))


def type_weights(examples: Sequence[Example]) -> dict[str, Table]:
    """Return, for each type of page other than article, feature → weight in its favour."""
    kinds = list(page_type_features.REASONS_BY_WEIGHED_TYPE)
    names = _frequent_features(examples)
    x = np.array([[sign in one.signs for sign in names] + [True] for one in examples], dtype=float)
    y = np.array([[TYPES_BY_TRUTH[one.true] == kind for kind in kinds] for one in examples], float)
    ridge = np.array([[RIDGE]] * len(names) + [[0.01]])
    curve = 0.5 * np.linalg.eigvalsh(x.T @ x)[-1] + RIDGE
    w = ahead = np.zeros((x.shape[1], len(kinds)))
    pace = 1.0
    for _ in range(STEPS):
        odds = np.exp(x @ ahead - (x @ ahead).max(1, keepdims=True))
        slope = x.T @ (odds / odds.sum(1, keepdims=True) - y) + ridge * ahead
        new = ahead - slope / curve
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = new + (pace - 1) / faster * (new - w)
        w, pace = new, faster
    columns = zip(kinds, w.T, strict=True)
    return {kind: rounded([*names, "always"], column) for kind, column in columns}


def _frequent_features(examples: Sequence[Example]) -> list[str]:
    """Return the features that enough pages have, and enough have not."""
    seen = Counter(sign for one in examples for sign in one.signs)
    most = len(examples) - SEEN_ON
    return sorted(sign for sign, many in seen.items() if SEEN_ON <= many <= most)


def article_weights(examples: Sequence[Example]) -> Table:
    """Return feature → weight in favour of an article; `always` is the constant."""
    names = _frequent_features(examples)
    x = np.array([[sign in one.signs for sign in names] + [True] for one in examples], dtype=float)
    y = np.array([one.is_article for one in examples], dtype=float)
    counts = _counts(examples)
    low = np.array([0.0 if sign.startswith(FOR) else -np.inf for sign in names] + [-np.inf])
    high = np.array([np.inf if sign.startswith(FOR) else 0.0 for sign in names] + [np.inf])
    ridge = np.array([RIDGE] * len(names) + [0.01])
    curve = 0.25 * np.linalg.eigvalsh((x * counts[:, None]).T @ x)[-1] + RIDGE
    w = ahead = np.zeros(x.shape[1])
    pace = 1.0
    for _ in range(STEPS):
        odds = 1 / (1 + np.exp(-np.clip(x @ ahead, -30, 30)))
        new = np.clip(ahead - (x.T @ (counts * (odds - y)) + ridge * ahead) / curve, low, high)
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = new + (pace - 1) / faster * (new - w)
        w, pace = new, faster
    return rounded([*names, "always"], w)


def _counts(examples: Sequence[Example]) -> np.ndarray:
    """Return the weight of each page: 1 for a page of known type; the news of each other source
    have NEWS together."""
    many = Counter(one.source for one in examples)
    return np.array([1.0 if one.source == TYPED else NEWS / many[one.source] for one in examples])


def left_out(examples: Sequence[Example], tables: Sequence[LearntWeights]) -> str:
    """Return the types found by weights learnt without the page's outlet, without the rules."""
    wrong: Counter[str] = Counter()
    for one in examples:
        table = tables[part_of(one.outlet)].article
        taken = (
            table["always"] + sum(table.get(sign, 0.0) for sign in one.signs)
            >= page_type_features.MIN_ARTICLE_LOG_ODDS
        )
        if taken != one.is_article:
            wrong["articles lost" if one.is_article else "taken for articles"] += 1
    return "of outlets left out in turn, without rules: " + ", ".join(
        f"{many} {what}" for what, many in wrong.items()
    )


def about(examples: Sequence[Example]) -> str:
    """Return the comment at the head of the file."""
    others = sum(not one.is_article for one in examples)
    return (
        "# How much each sign speaks for a page as an article, and of other pages for each type\n"
        "# (crawler/extraction/page_types/page_type_features.py).\n"
        f"# Written by `python -m bench.train_page_types` from {len(examples)} pages; {others} are no articles.\n"
    )


if __name__ == "__main__":
    main()
