"""Which of a page's blocks are its article's: signs for and against each
(`crawler.extraction.main_text.line_features`), weighed.

trafilatura's word is one sign beside others: where a block stands, what its boxes are called, how
much of it is link, what the page's data say. Each has a weight in `line_weights.toml`, learnt from
pages whose text is known (`python -m bench.train_lines`): a logistic regression, one weight for a
block that trafilatura has and one for a block it lacks. A line of trafilatura's is left out only
where much speaks against it, and less is left out of a page on which the signs are unsure; a block
is added where more speaks for it than against, or where it is a paragraph among paragraphs
(`crawler.extraction.main_text.stray_paragraphs`).
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import exp, log
from typing import NamedTuple

from crawler.extraction.blocks import Block, folded
from crawler.extraction.main_text.line_features import ABOVE, SUBHEADINGS, Claims, Judged, judged
from crawler.extraction.main_text.stray_paragraphs import strays
from pipelines.dedup.revisions import NOTE

ADDS = 0.0
"""The weight above which a block is added."""
BENEFIT = 0.6
"""Of the doubt, for a line of trafilatura's: so much must its weight be below the one that it takes
to be worth it."""
ANY_HEADING = SUBHEADINGS | {"h1"}
MOST_OF_HEADING, LEAST_OF_NOTE = 60, 60
"""Letters: what has more is a standfirst, what has fewer a date or a label."""
FEWEST_LEFT = 0.5
"""How much of trafilatura's text must be left for the signs to be believed."""


class Table(dict[str, float]):
    """By sign, its weight; 0 for one that was not learnt."""

    def __missing__(self, sign: str) -> float:
        return 0.0


def weight(one: Judged) -> float:
    """The logarithm of the odds that a block is the article's."""
    return sum(map(weights(one.found != "no").__getitem__, one.signs))


@cache
def weights(has: bool) -> Table:
    """The weights of signs of a block that trafilatura has, or of one that it lacks."""
    return of_blocks(_learnt(), has)


@cache
def _learnt() -> dict[str, float]:
    return dict(
        tomllib.loads(
            files("crawler.extraction.main_text").joinpath("line_weights.toml").read_text("utf-8")
        )["weights"]
    )


def of_blocks(told: Mapping[str, float], has: bool) -> Table:
    """Of all weights those for blocks that trafilatura has (`+` behind the sign), or lacks
    (`-`)."""
    return Table(
        (sign[:-1], worth) for sign, worth in told.items() if sign.endswith("+" if has else "-")
    )


class Choice(NamedTuple):
    """The lines of a text, after what its page's blocks say of them."""

    lines: list[str]
    dropped: list[tuple[str, str]]
    """Lines that trafilatura had, each with why it was left out."""
    added: list[str]
    """Those of the lines that trafilatura had not."""


def chosen(blocks: list[Block], claims: Claims) -> Choice:
    """trafilatura's lines without those that much speaks against, and the blocks that more speaks
    for than against.

    Signs that speak against most of a text are wrong about it (a live report is one box named
    `article` after the other): then it stays whole.
    """
    weighed = [(one, weight(one)) for one in judged(blocks, claims)]
    given = [line for line in claims.found.split("\n") if line]
    kept, dropped = _parted(given, weighed, worth_it(weighed) - BENEFIT)
    if sum(map(len, kept)) < FEWEST_LEFT * sum(map(len, given)):
        return Choice(given, [], [])
    have = {folded(line) for line in kept}
    order = {id(block): at for at, block in enumerate(blocks)}
    added = [
        (order[id(one.block)], one.block.text)
        for one, worth in weighed
        if worth > ADDS
        and one.found == "no"
        and one.folded not in have
        and not _heads_the_text(one)
    ]
    text = have | {folded(line) for _, line in added}
    left_out = {folded(line) for line, _ in dropped}
    doubted = {
        order[id(one.block)]: worth
        for one, worth in weighed
        if one.found == "no" or one.folded in left_out
    }
    among = strays(blocks, text, doubted)
    given_back = left_out & {folded(block.text) for block in among}
    kept = [line for line in given if folded(line) in have | given_back]
    dropped = [(line, why) for line, why in dropped if folded(line) not in given_back]
    added += [
        (order[id(block)], block.text) for block in among if folded(block.text) not in given_back
    ]
    places = _Places(blocks)
    lines = sorted(
        [*((places.next(line), line) for line in kept), *added], key=lambda placed: placed[0]
    )
    return Choice([line for _, line in lines], dropped, [line for _, line in added])


def _heads_the_text(one: Judged) -> bool:
    """Whether a block is a short heading above the text: its headline in other words, or what
    stands over it."""
    heading = one.block.element.tag in ANY_HEADING and len(one.block.text) <= MOST_OF_HEADING
    return heading and any(sign in ABOVE.signs for sign in one.signs)


def _is_note(line: str) -> bool:
    """Whether a line is a note of correction: wherever it stands, it is news of the text, and
    revisions tell by it."""
    return len(line) > LEAST_OF_NOTE and NOTE.match(line) is not None


def worth_it(weighed: Sequence[tuple[Judged, float]]) -> float:
    """The weight from which a block of a page adds to the F1 that may be expected of its text.

    It is that of a probability of half the best such F1: 0 where all is certain, less where little
    is (Lipton, Elkan and Naryanaswamy, Optimal Thresholding of Classifiers to Maximize F1 Measure,
    2014).
    """
    likely = sorted(
        ((1 / (1 + exp(-worth)), len(one.block.text)) for one, worth in weighed), reverse=True
    )
    wanted = sum(share * size for share, size in likely)
    best = right = taken = 0.0
    for share, size in likely:
        right, taken = right + share * size, taken + size
        best = max(best, 2 * right / (taken + wanted))
    return log(best / (2 - best)) if best else 0.0


def _parted(
    given: list[str], weighed: list[tuple[Judged, float]], least: float
) -> tuple[list[str], list[tuple[str, str]]]:
    """The lines that stay, and those that weigh less than `least` with the reason; of blocks alike
    the best counts."""
    best: dict[str, tuple[float, Judged]] = {}
    for one, worth in weighed:
        if one.folded not in best or best[one.folded][0] < worth:
            best[one.folded] = (worth, one)
    against = {
        same: one
        for same, (worth, one) in best.items()
        if worth < least and not _is_note(one.block.text)
    }
    kept = [line for line in given if folded(line) not in against]
    return kept, [
        (line, because(against[same])) for line in given if (same := folded(line)) in against
    ]


def because(one: Judged, most: int = 3) -> str:
    """The signs that speak most against a block, strongest first."""
    table = weights(one.found != "no")
    against = sorted((table[sign], sign) for sign in one.signs)
    return ", ".join(sign for worth, sign in against[:most] if worth < 0)


class _Places:
    """Where the lines of a text stand on the page, one after the other."""

    def __init__(self, blocks: list[Block]) -> None:
        self._of: defaultdict[str, list[int]] = defaultdict(list)
        for at, block in enumerate(blocks):
            self._of[folded(block.text)].append(at)
        self._last = -1

    def next(self, line: str) -> int:
        """The line's block behind the last one asked for; that one's if there is none."""
        places = self._of.get(folded(line), [])
        behind = bisect_right(places, self._last)
        self._last = places[behind] if behind < len(places) else self._last
        return self._last
