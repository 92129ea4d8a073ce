"""Learn the weights of `crawler/witnesses.toml` from pages whose text is known: `python -m bench.train_lines`.

    python -m bench.train_lines [--shared PATH] [--out crawler/witnesses.toml]

Only outlets of the half that rules are written on (`bench.extraction --half tune`) are read. A block is the article's
if half of its 4-grams are in the true text. Logistic regression with a ridge, by Newton's method; each source counts
alike, each page of it alike, each block by its words.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.extraction import FEWEST, Row, capture, pages, units
from bench.figures import SHARED
from bench.weights import as_toml, rounded
from crawler import headlines
from crawler.extract import claims, open_page
from crawler.line_signs import judged
from crawler.markup import read_page

RIDGE = 4.0
MOST_OF_A_PAGE = 0.3
"""How much of its page's weight one block may have."""
SEEN_ON = 20
"""Blocks that a sign must have been seen on."""
STEPS = 12


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--out", type=Path, default=Path("crawler/witnesses.toml"))
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    corpus = options.shared / "corpus" / "dev"
    rows = pages(corpus, "tune")
    many = Counter(row["source"] for row in rows)
    examples = [example for row in rows if many[row["source"]] >= FEWEST for example in labelled(corpus, row, many)]
    table = learnt(examples)
    options.out.write_text(as_toml(table, about(len(rows), len(examples))), encoding="utf-8")
    print(f"{len(table)} weights from {len(examples)} blocks of {len(rows)} pages")


Example = tuple[list[str], bool, float]
"""A block's signs, whether it is the article's, and how much it counts."""


def labelled(corpus: Path, row: Row, many: Counter[str]) -> Iterator[Example]:
    """The blocks of a page with what they should be taken for."""
    came = capture(corpus, row)
    page = open_page(read_page(came).tree, came)
    headline = headlines.headline(page)
    truth = units(row["truth_text"], row.get("lang"))
    grams = {tuple(truth[at : at + 4]) for at in range(len(truth) - 3)}
    lines = {tuple(units(line, row.get("lang"))) for line in row["truth_text"].split("\n")}
    total = max(len(truth), 60)
    for one in judged(page.blocks, claims(page, headline)):
        words = units(one.block.text, row.get("lang"))
        own = [tuple(words[at : at + 4]) for at in range(len(words) - 3)]
        true = sum(gram in grams for gram in own) * 2 >= len(own) if own else tuple(words) in lines
        held = "-" if one.found == "no" else "+"
        counts = min((len(words) + 2) / total, MOST_OF_A_PAGE) / many[row["source"]]
        yield [sign + held for sign in one.signs], true, counts


def learnt(examples: list[Example]) -> dict[str, float]:
    """By sign, its weight."""
    seen = Counter(sign for signs, _, _ in examples for sign in set(signs))
    names = sorted(sign for sign, number in seen.items() if number >= SEEN_ON)
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
    return (
        "# How much each sign speaks for a block of a page (crawler/witnesses.py); `+` where trafilatura has it, `-`\n"
        f"# where it has not. Written by `python -m bench.train_lines` from {blocks} blocks of {many_pages} pages.\n"
    )


if __name__ == "__main__":
    main()
