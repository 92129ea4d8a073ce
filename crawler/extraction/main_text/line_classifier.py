"""The classifier that chooses the article's lines among a page's blocks.

Each block has features (`crawler.extraction.main_text.line_features`); that trafilatura extracted
the block is one of them, others are the place of the block, the names of its boxes, the share of it
that is link, and the page's structured data. Each feature has two weights in `line_weights.toml`,
one for blocks that trafilatura extracted and one for blocks that it missed: a logistic regression,
learnt from pages whose text is known (`python -m bench.train_lines`). An extracted line is left out
only if much speaks against it, and less is left out of a page on which the features are unsure. A
missed block is added if more speaks for it than against it, or if it is a paragraph among
paragraphs (`crawler.extraction.main_text.stray_paragraphs`).
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import exp, log
from typing import NamedTuple

from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.main_text.box_series import find_series_lines
from crawler.extraction.main_text.line_features import (
    ABOVE_TEXT_SCALE,
    SUBHEADING_TAGS,
    BlockFeatures,
    PageClaims,
    compute_block_features,
)
from crawler.extraction.main_text.stray_paragraphs import find_stray_paragraphs
from pipelines.dedup.revisions import CORRECTION_NOTE_LINE

MIN_ADDED_WEIGHT = 0.0
"""The weight (log-odds) above which a missed block is added."""
DOUBT_MARGIN = 0.6
"""The benefit of the doubt for an extracted line: it is left out only if its weight is this far
below the weight from which a block is worth taking."""
ALL_HEADING_TAGS = SUBHEADING_TAGS | {"h1"}
MAX_HEADING_BLOCK_CHARS, MIN_CORRECTION_NOTE_CHARS = 60, 60
"""Characters: a longer heading is a standfirst, a shorter note a date or a label."""
MIN_SHARE_OF_TEXT_LEFT = 0.5
"""The share of trafilatura's text that must be left, or the classifier is not believed."""


OutletOdds = Callable[[Block], float]
"""A block → the log-odds that other pages of its outlet add to those of its features."""


class FeatureWeights(dict[str, float]):
    """Feature → weight; 0 for a feature that was not learnt."""

    def __missing__(self, feature: str) -> float:
        return 0.0


def block_log_odds(candidate: BlockFeatures) -> float:
    """Return the log-odds that a block belongs to the article."""
    table = feature_weights(candidate.found != "no")
    return sum(table[feature] for feature in candidate.signs)


@cache
def feature_weights(has: bool) -> FeatureWeights:
    """Return the weights for blocks that trafilatura extracted (`has`), or for those it missed."""
    return select_weights(_learnt_weights(), has)


@cache
def _learnt_weights() -> dict[str, float]:
    """Return the learnt weights of `line_weights.toml`."""
    source = files("crawler.extraction.main_text").joinpath("line_weights.toml")
    return dict(tomllib.loads(source.read_text("utf-8"))["weights"])


def select_weights(learnt: Mapping[str, float], has: bool) -> FeatureWeights:
    """Return the weights for extracted blocks (`+` behind the feature), or for missed ones
    (`-`)."""
    suffix = "+" if has else "-"
    return FeatureWeights(
        (feature[:-1], value) for feature, value in learnt.items() if feature.endswith(suffix)
    )


class LineChoice(NamedTuple):
    """The chosen lines of a text, and how they differ from those that trafilatura extracted."""

    lines: list[str]
    dropped: list[tuple[str, str]]
    """Lines that trafilatura extracted and that were left out, each with the reason."""
    added: list[str]
    """Those of the lines that trafilatura missed."""


class _Weighed(NamedTuple):
    """A candidate for the text and its weight."""

    candidate: BlockFeatures
    weight: float

    @property
    def is_missed(self) -> bool:
        """True for a block that trafilatura missed."""
        return self.candidate.found == "no"


def choose_lines(
    blocks: list[Block], claims: PageClaims, outlet_odds: OutletOdds | None = None
) -> LineChoice:
    """Choose the article's lines among those that trafilatura extracted and those it missed.

    If the features speak against most of the extracted text, they are wrong about it (a live report
    is a sequence of boxes named `article`), and the text stays whole.
    """
    weighed = _weigh_blocks(blocks, claims, outlet_odds)
    extracted = [line for line in claims.found.split("\n") if line]
    threshold = f1_weight_threshold(weighed) - DOUBT_MARGIN
    kept, dropped = _split_lines_by_weight(extracted, weighed, threshold)
    if sum(map(len, kept)) < MIN_SHARE_OF_TEXT_LEFT * sum(map(len, extracted)):
        return LineChoice(extracted, [], [])
    text = {fold_text(line) for line in kept}
    dropped_lines = {fold_text(line) for line, _ in dropped}
    indexes = {id(block): index for index, block in enumerate(blocks)}
    added = _added_blocks(weighed, text, indexes)
    found = text | {fold_text(line) for _, line in added}
    stray = _stray_paragraphs(blocks, weighed, found, dropped_lines, indexes)
    whole = found | {fold_text(blocks[index].text) for index in stray}
    inside = [
        indexes[id(each.candidate.block)] for each in weighed if each.candidate.folded in whole
    ]
    further = [*stray, *find_series_lines(blocks, inside)]
    restored = dropped_lines & {fold_text(blocks[index].text) for index in further}
    added += [
        (index, blocks[index].text)
        for index in further
        if fold_text(blocks[index].text) not in restored
    ]
    return LineChoice(
        lines=_in_page_order(blocks, _matching_lines(extracted, text | restored), added),
        dropped=[(line, reason) for line, reason in dropped if fold_text(line) not in restored],
        added=[line for _, line in added],
    )


def _weigh_blocks(
    blocks: list[Block], claims: PageClaims, outlet_odds: OutletOdds | None
) -> list[_Weighed]:
    """Return the candidates among the blocks with their log-odds, those of the outlet included."""
    weighed = []
    for candidate in compute_block_features(blocks, claims):
        weight = block_log_odds(candidate)
        if outlet_odds:
            weight += outlet_odds(candidate.block)
        weighed.append(_Weighed(candidate, weight))
    return weighed


def _stray_paragraphs(
    blocks: list[Block],
    weighed: list[_Weighed],
    found: set[str],
    dropped_lines: set[str],
    indexes: dict[int, int],
) -> list[int]:
    """Return the indexes of paragraphs that belong to the text, missed or dropped before."""
    doubtful = [
        each for each in weighed if each.is_missed or each.candidate.folded in dropped_lines
    ]
    weights_by_index = {indexes[id(each.candidate.block)]: each.weight for each in doubtful}
    return [indexes[id(block)] for block in find_stray_paragraphs(blocks, found, weights_by_index)]


def _added_blocks(
    weighed: list[_Weighed], text: Collection[str], indexes: Mapping[int, int]
) -> list[tuple[int, str]]:
    """Return index and text of the missed blocks that more speaks for than against.

    `text` holds the folded lines that stay, `indexes` the place of each block by its `id`.
    """
    return [
        (indexes[id(each.candidate.block)], each.candidate.block.text)
        for each in weighed
        if each.weight > MIN_ADDED_WEIGHT
        and each.is_missed
        and each.candidate.folded not in text
        and not _is_heading_above_text(each.candidate)
    ]


def _matching_lines(lines: list[str], wanted: Collection[str]) -> list[str]:
    return [line for line in lines if fold_text(line) in wanted]


def _in_page_order(
    blocks: list[Block], lines: list[str], added: list[tuple[int, str]]
) -> list[str]:
    """Return lines and added blocks in the order in which they stand on the page."""
    places = _LinePositions(blocks)
    placed = [(places.next(line), line) for line in lines] + added
    return [line for _, line in sorted(placed, key=lambda each: each[0])]


def _is_heading_above_text(candidate: BlockFeatures) -> bool:
    """Return whether a block is a short heading above the text: a second headline or a kicker."""
    element, text = candidate.block.element, candidate.block.text
    is_short_heading = element.tag in ALL_HEADING_TAGS and len(text) <= MAX_HEADING_BLOCK_CHARS
    return is_short_heading and any(
        feature in ABOVE_TEXT_SCALE.signs for feature in candidate.signs
    )


def _is_correction_note(line: str) -> bool:
    """Return whether a line is a note of correction, which revisions need wherever it stands."""
    return len(line) > MIN_CORRECTION_NOTE_CHARS and CORRECTION_NOTE_LINE.match(line) is not None


def f1_weight_threshold(weighed: Sequence[tuple[BlockFeatures, float]]) -> float:
    """Return the weight from which a block adds to the F1 expected of a page's text.

    That is the weight of a probability of half the best F1 that can be expected: 0 where all is
    certain, less where little is (Lipton, Elkan and Naryanaswamy, Optimal Thresholding of
    Classifiers to Maximize F1 Measure, 2014).
    """
    scored = [(1 / (1 + exp(-value)), len(candidate.block.text)) for candidate, value in weighed]
    scored.sort(reverse=True)
    expected = sum(probability * size for probability, size in scored)
    best_f1 = right = taken = 0.0
    for probability, size in scored:
        right += probability * size
        taken += size
        best_f1 = max(best_f1, 2 * right / (taken + expected))
    return log(best_f1 / (2 - best_f1)) if best_f1 else 0.0


def _split_lines_by_weight(
    extracted: list[str], weighed: list[_Weighed], threshold: float
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the lines that stay, and those below the threshold with the reason.

    Of blocks with the same text the one with the highest weight counts.
    """
    best: dict[str, _Weighed] = {}
    for each in weighed:
        known = best.get(each.candidate.folded)
        if known is None or known.weight < each.weight:
            best[each.candidate.folded] = each
    against = {
        text: each.candidate
        for text, each in best.items()
        if each.weight < threshold and not _is_correction_note(each.candidate.block.text)
    }
    kept: list[str] = []
    dropped: list[tuple[str, str]] = []
    for line in extracted:
        candidate = against.get(fold_text(line))
        if candidate is None:
            kept.append(line)
        else:
            dropped.append((line, reasons_against_block(candidate)))
    return kept, dropped


def reasons_against_block(candidate: BlockFeatures, limit: int = 3) -> str:
    """Return the features that speak most against a block, strongest first, comma-separated."""
    table = feature_weights(candidate.found != "no")
    strongest = sorted((table[feature], feature) for feature in candidate.signs)[:limit]
    return ", ".join(feature for value, feature in strongest if value < 0)


class _LinePositions:
    """The places of a text's lines on the page, asked for in the order of the text."""

    def __init__(self, blocks: list[Block]) -> None:
        self._indexes: defaultdict[str, list[int]] = defaultdict(list)
        for index, block in enumerate(blocks):
            self._indexes[fold_text(block.text)].append(index)
        self._last = -1

    def next(self, line: str) -> int:
        """Return the index of the next block with a line's text; the last answer if none
        follows."""
        indexes = self._indexes.get(fold_text(line), [])
        behind = bisect_right(indexes, self._last)
        if behind < len(indexes):
            self._last = indexes[behind]
        return self._last
