"""Differences between two texts: sentences first, then words within the changed sentences.

difflib of the standard library finds the differences, but takes seconds if many pairs could match.
A passage of that kind is first split at tokens that are unique in both texts (the anchors of
patience diff, Bram Cohen 2003), and treated as replaced without such tokens.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from itertools import groupby, pairwise
from typing import Literal

from archive.text.unspaced import SPACELESS_RANGES, SUPPLEMENTARY_HAN_RANGE

DiffChange = Literal["same", "removed", "added", "moved away", "moved here"]

MAX_DIFFLIB_PAIRS = 2_000
"""Matching pairs in a passage up to which difflib is used; that takes a few milliseconds."""
ANCHOR_RUN_LENGTHS = (4, 2, 1)
"""Lengths of the runs that serve as anchors, the most reliable first."""
MAX_SENTENCE_DIFF_CHARS, MAX_DIFF_SENTENCES = 400_000, 20_000
"""Limits of a comparison by sentences: characters of a text, and sentences of both texts."""
MAX_SENTENCES_PER_WORD = 40
"""Largest number of sentences with a word that still helps to match sentences."""
MAX_MATCHED_PASSAGE_CHARS = 100_000
"""Characters in a replaced passage, old and new together, up to which its sentences are matched.

A longer passage counts as rewritten.
"""
MAX_ANCHOR_SPLITS = 8
"""Largest number of nested splits at anchors."""
MIN_SENTENCE_LIKENESS = 0.4
"""Minimum share of common words for a sentence to be a changed one instead of a new one."""
MIN_MOVED_SENTENCE_CHARS = 20
"""Minimum length in characters of a sentence reported as moved; shorter ones recur by chance."""


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A passage and its change; `moved away` is at the old place, `moved here` at the new one."""

    change: DiffChange
    text: str


DiffParagraph = tuple[DiffPiece, ...]


@dataclass(frozen=True, slots=True)
class TextDiff:
    """The new text in its order, with the removed passages at their old places.

    `words_added` and `words_removed` count words, or characters in scripts without spaces. Moved
    passages do not count.
    """

    paragraphs: tuple[DiffParagraph, ...]
    words_added: int
    words_removed: int

    @property
    def is_empty(self) -> bool:
        """True if only white space differs."""
        return all(map(is_unchanged_paragraph, self.paragraphs))


def is_unchanged_paragraph(paragraph: DiffParagraph) -> bool:
    """Return whether nothing changed in a paragraph."""
    return all(piece.change == "same" for piece in paragraph)


def diff_texts(old: str, new: str) -> TextDiff:
    """Compare two texts, whose paragraphs are lines. White space within a line is ignored."""
    if _are_texts_too_long(old, new):
        return _compare_long_texts(old, new)
    before, after = _split_sentences(old), _split_sentences(new)
    paragraphs = tuple(
        _merge_pieces(paragraph) for paragraph in _group_paragraphs(_sentence_steps(before, after))
    )
    pieces = [piece for paragraph in paragraphs for piece in paragraph]
    return TextDiff(
        paragraphs, _count_changed_words(pieces, "added"), _count_changed_words(pieces, "removed")
    )


def _are_texts_too_long(old: str, new: str) -> bool:
    """Return whether two texts are too long to be compared sentence by sentence."""
    sentences = sum(
        text.count(end) for text in (old, new) for end in ("\n", ". ", "。", "! ", "? ")
    )
    return max(len(old), len(new)) > MAX_SENTENCE_DIFF_CHARS or sentences > MAX_DIFF_SENTENCES


def _compare_long_texts(old: str, new: str) -> TextDiff:
    """Compare long texts by their common first and last lines; other lines count as replaced."""
    before, after = old.split("\n"), new.split("\n")
    most = min(len(before), len(after))
    begin = _count_common_lines(before, after, most)
    end = _count_common_lines(before[::-1], after[::-1], most - begin)
    removed = before[begin : len(before) - end]
    added = after[begin : len(after) - end]
    parts: list[tuple[DiffChange, list[str]]] = [
        ("same", after[:begin]),
        ("removed", removed),
        ("added", added),
        ("same", after[len(after) - end :]),
    ]
    paragraphs = tuple(
        (DiffPiece(change, block),) for change, lines in parts for block in _display_blocks(lines)
    )
    return TextDiff(
        paragraphs,
        _approximate_word_count("\n".join(added)),
        _approximate_word_count("\n".join(removed)),
    )


def _count_common_lines(before: list[str], after: list[str], most: int) -> int:
    """Return the number of equal lines at the start, at most `most`."""
    return next((at for at in range(most) if before[at] != after[at]), most)


def _display_blocks(lines: list[str]) -> Iterator[str]:
    """Yield lines for display, joined into at most about 1,000 blocks, without empty ones."""
    step = 1 + len(lines) // 1_000
    blocks = (" ".join(lines[at : at + step]).strip() for at in range(0, len(lines), step))
    return filter(None, blocks)


def _approximate_word_count(text: str) -> int:
    """Return the approximate number of words in a long text, or characters without spaces."""
    words = len(text.split())
    return len(text) if words * 50 < len(text) else words


# -- sentences and words ---------------------------------------------------------------------------

_DIFF_SENTENCE_END = re.compile(r"(?<=[.!?…؟۔।።])[\"'”’»)\]]*\s+|(?<=[。！？])[」』”’）】]*\s*")
_DIFF_UNSPACED = f"{SPACELESS_RANGES}{SUPPLEMENTARY_HAN_RANGE}"
_COMBINING_MARKS = (
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3"
    "\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
)
_DIFF_PUNCTUATION = (
    "!-/:-@\\[-`{-~\u00a1-\u00bf\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
)
_WORD_PART = f"[^\\s{_DIFF_PUNCTUATION}{_DIFF_UNSPACED}]+"
_DIFF_TOKEN = re.compile(
    rf"(\d+(?:[.,:]\d+)+|[{_DIFF_UNSPACED}][{_COMBINING_MARKS}]*|{_WORD_PART}(?:['’]{_WORD_PART})*|\S[{_COMBINING_MARKS}]*)(\s*)"
)
"""A number (1,200.5), a character of an unspaced script, a word (don’t) or a sign; white space."""


@dataclass(frozen=True, slots=True)
class _DiffSentence:
    """A sentence and its place in the paragraph."""

    text: str
    """With the white space after it."""
    key: str
    opens: bool
    """True for the first sentence of a paragraph."""
    closes: bool


def _split_sentences(text: str) -> list[_DiffSentence]:
    """Split a text into sentences; each line is a paragraph."""
    found: list[_DiffSentence] = []
    lines = (" ".join(line.split()) for line in text.split("\n"))
    for line in filter(None, lines):
        all_ends = (match.end() for match in _DIFF_SENTENCE_END.finditer(line))
        ends = [end for end in all_ends if 0 < end < len(line)]
        parts = [line[start:end] for start, end in pairwise([0, *ends, len(line)]) if start < end]
        last = len(parts) - 1
        for number, part in enumerate(parts):
            found.append(_DiffSentence(part, part.strip(), number == 0, number == last))
    return found


def _split_tokens(text: str) -> tuple[list[str], list[str]]:
    """Split a text into words, signs and unspaced characters: without and with spaces."""
    found: list[tuple[str, str]] = _DIFF_TOKEN.findall(text)
    return [token for token, _ in found], [token + space for token, space in found]


def _word_bag(text: str) -> Counter[str]:
    """Count the words of a text."""
    return Counter(token for token in _split_tokens(text)[0] if token[0].isalnum())


def _count_changed_words(pieces: Iterable[DiffPiece], change: DiffChange) -> int:
    """Count the words in pieces with a change."""
    return sum(count_diff_words(piece.text) for piece in pieces if piece.change == change)


def count_diff_words(text: str) -> int:
    """Count the words of a text, or characters in unspaced scripts."""
    return sum(match[1][0].isalnum() for match in _DIFF_TOKEN.finditer(text))


# -- what is the same in two sequences -------------------------------------------------------------

IndexPairs = list[tuple[int, int]]
"""Positions of equal items in the old and the new sequence, ascending in both."""


def matching_positions(old: Sequence[str], new: Sequence[str]) -> IndexPairs:
    """Return the positions of equal items, as many as can be found in bounded time."""
    found: IndexPairs = []
    passages = [(0, len(old), 0, len(new), MAX_ANCHOR_SPLITS)]
    while passages:
        start, end, at, to, depth = passages.pop()
        while start < end and at < to and old[start] == new[at]:
            found.append((start, at))
            start, at = start + 1, at + 1
        while start < end and at < to and old[end - 1] == new[to - 1]:
            end, to = end - 1, to - 1
            found.append((end, to))
        if start == end or at == to:
            continue
        mine, theirs = old[start:end], new[at:to]
        if _is_cheap_for_difflib(mine, theirs):
            found += ((start + i, at + j) for i, j in _difflib_positions(mine, theirs))
            continue
        anchors = _unique_anchors(mine, theirs) if depth else []
        if anchors:
            cuts = [(start, at), *((start + i, at + j) for i, j in anchors), (end, to)]
            passages += ((i, k, j, m, depth - 1) for (i, j), (k, m) in pairwise(cuts))
    return sorted(found)


def _is_cheap_for_difflib(old: Sequence[str], new: Sequence[str]) -> bool:
    """Return whether the number of matching pairs is small enough for difflib."""
    if len(old) * len(new) <= MAX_DIFFLIB_PAIRS:
        return True
    mine, theirs = Counter(old), Counter(new)
    return sum(count * theirs[token] for token, count in mine.items()) <= MAX_DIFFLIB_PAIRS


def _difflib_positions(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the positions of equal items found by difflib."""
    for i, j, size in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        yield from zip(range(i, i + size), range(j, j + size), strict=True)


def _unique_anchors(old: Sequence[str], new: Sequence[str]) -> IndexPairs:
    """Return the positions of runs that are unique in both sequences and in the same order."""
    for length in ANCHOR_RUN_LENGTHS:
        mine, theirs = _unique_runs(old, length), _unique_runs(new, length)
        anchors = _longest_ascending_chain(
            [(place, theirs[run]) for run, place in mine.items() if run in theirs]
        )
        if anchors:
            return anchors
    return []


def _unique_runs(tokens: Sequence[str], length: int) -> dict[tuple[str, ...], int]:
    """Return the positions of runs that occur once."""
    runs = list(zip(*(tokens[start:] for start in range(length)), strict=False))
    counts = Counter(runs)
    return {run: place for place, run in enumerate(runs) if counts[run] == 1}


def _longest_ascending_chain(pairs: IndexPairs) -> IndexPairs:
    """Return the longest subsequence that ascends in both positions, by patience sorting.

    `pairs` ascend by the first position.
    """
    tops: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        tops[pile : pile + 1], last[pile : pile + 1] = [place], [number]
        before.append(last[pile - 1] if pile else -1)
    chain: IndexPairs = []
    number = last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


# -- from sentences to pieces ----------------------------------------------------------------------

SentenceStep = tuple[_DiffSentence | None, _DiffSentence | None, list[DiffPiece]]
"""An old sentence, the new one that replaces it, and the pieces to display."""


def _sentence_steps(old: list[_DiffSentence], new: list[_DiffSentence]) -> Iterator[SentenceStep]:
    """Yield the steps from one text to the other."""
    same = matching_positions(
        [sentence.key for sentence in old], [sentence.key for sentence in new]
    )
    moved = _moved_sentences(old, new, same)
    i = j = 0
    for k, m in [*same, (len(old), len(new))]:
        yield from _replacement_steps(old[i:k], new[j:m], moved)
        if k < len(old):
            yield old[k], new[m], [DiffPiece("same", new[m].text)]
        i, j = k + 1, m + 1


def _moved_sentences(
    old: list[_DiffSentence], new: list[_DiffSentence], same: IndexPairs
) -> set[str]:
    """Return the sentences that were removed at one place and added at another."""
    mine, theirs = {i for i, _ in same}, {j for _, j in same}
    gone = {sentence.key for i, sentence in enumerate(old) if i not in mine}
    come = {sentence.key for j, sentence in enumerate(new) if j not in theirs}
    return {key for key in gone & come if len(key) >= MIN_MOVED_SENTENCE_CHARS}


def _replacement_steps(
    old: list[_DiffSentence], new: list[_DiffSentence], moved: set[str]
) -> Iterator[SentenceStep]:
    """Yield the steps of a passage without unchanged sentences, some of which were edited."""
    i = j = 0
    length = sum(len(sentence.text) for side in (old, new) for sentence in side)
    became = _edited_sentence_pairs(old, new, moved) if length <= MAX_MATCHED_PASSAGE_CHARS else []
    for k, m in [*became, (len(old), len(new))]:
        for gone in old[i:k]:
            yield (
                gone,
                None,
                [DiffPiece("moved away" if gone.key in moved else "removed", gone.text)],
            )
        for come in new[j:m]:
            yield None, come, [DiffPiece("moved here" if come.key in moved else "added", come.text)]
        if k < len(old):
            yield old[k], new[m], list(_word_changes(old[k].text, new[m].text))
        i, j = k + 1, m + 1


def _edited_sentence_pairs(
    old: list[_DiffSentence], new: list[_DiffSentence], moved: set[str]
) -> IndexPairs:
    """Return which old sentences became which new ones, by similarity of their words, in order."""
    mine = [
        Counter[str]() if sentence.key in moved else _word_bag(sentence.text) for sentence in old
    ]
    theirs = [
        Counter[str]() if sentence.key in moved else _word_bag(sentence.text) for sentence in new
    ]
    best: dict[int, int] = {}
    for j, candidates in _candidate_sentences(mine, theirs):
        alike = max(candidates, key=lambda i: _dice_likeness(mine[i], theirs[j]))
        if _dice_likeness(mine[alike], theirs[j]) >= MIN_SENTENCE_LIKENESS:
            best.setdefault(alike, j)
    chain = _longest_ascending_chain(sorted(best.items()))
    return [*_fill_chain_gaps(chain, mine, theirs)]


def _candidate_sentences(
    mine: list[Counter[str]], theirs: list[Counter[str]]
) -> Iterator[tuple[int, list[int]]]:
    """Yield each new sentence with the three old ones that share most of its rarer words."""
    holders: dict[str, list[int]] = {}
    for i, bag in enumerate(mine):
        for word in bag:
            holders.setdefault(word, []).append(i)
    common = min(MAX_SENTENCES_PER_WORD, max(4, len(mine) // 10))
    for j, bag in enumerate(theirs):
        votes: Counter[int] = Counter()
        for word in bag:
            sentences = holders.get(word, ())
            if len(sentences) <= common:
                votes.update(sentences)
        if votes:
            yield j, [i for i, _ in votes.most_common(3)]


def _fill_chain_gaps(
    chain: IndexPairs, mine: list[Counter[str]], theirs: list[Counter[str]]
) -> Iterator[tuple[int, int]]:
    """Yield the chain, and similar sentences between its links where their numbers are equal."""
    i = j = 0
    for k, m in [*chain, (len(mine), len(theirs))]:
        if k - i == m - j:
            for a, b in zip(range(i, k), range(j, m), strict=True):
                if _dice_likeness(mine[a], theirs[b]) >= MIN_SENTENCE_LIKENESS:
                    yield a, b
        if k < len(mine):
            yield k, m
        i, j = k + 1, m + 1


def _dice_likeness(mine: Counter[str], theirs: Counter[str]) -> float:
    """Return the share of words in common (Dice's coefficient)."""
    return 2 * (mine & theirs).total() / max(1, mine.total() + theirs.total())


def _word_changes(old: str, new: str) -> Iterator[DiffPiece]:
    """Yield the changes within a sentence, word by word.

    A sentence with hardly any words in their old order is replaced as a whole.
    """
    mine, mine_spaced = _split_tokens(old)
    theirs, theirs_spaced = _split_tokens(new)
    same = matching_positions(mine, theirs)
    if 2 * len(same) < MIN_SENTENCE_LIKENESS / 2 * (len(mine) + len(theirs)):
        same = []
    runs = _drop_short_runs(_join_runs(same), len(mine), len(theirs))
    i = j = 0
    for k, m, size in [*runs, (len(mine), len(theirs), 0)]:
        yield DiffPiece("removed", "".join(mine_spaced[i:k]))
        yield DiffPiece("added", "".join(theirs_spaced[j:m]))
        yield DiffPiece("same", "".join(theirs_spaced[m : m + size]))
        i, j = k + size, m + size


MatchingRun = tuple[int, int, int]
"""Start in the old sequence, start in the new sequence, and length."""


def _join_runs(pairs: IndexPairs) -> list[MatchingRun]:
    """Join consecutive pairs into runs."""
    runs: list[MatchingRun] = []
    for i, j in pairs:
        if runs:
            start, at, size = runs[-1]
            if (i, j) == (start + size, at + size):
                runs[-1] = (start, at, size + 1)
                continue
        runs.append((i, j, 1))
    return runs


def _drop_short_runs(runs: list[MatchingRun], olds: int, news: int) -> list[MatchingRun]:
    """Drop runs of one or two words between changes twice as long, which would be hard to read."""
    kept: list[MatchingRun] = []
    i = j = 0
    for number, (k, m, size) in enumerate(runs):
        after = runs[number + 1] if number + 1 < len(runs) else (olds, news, 0)
        ahead = max(k - i, m - j)
        behind = max(after[0] - k - size, after[1] - m - size)
        if size > 2 or min(ahead, behind) < 2 * size:
            kept.append((k, m, size))
            i, j = k + size, m + size
    return kept


def _group_paragraphs(steps: Iterable[SentenceStep]) -> list[list[DiffPiece]]:
    """Group steps into paragraphs of the new text; removed passages stay in their paragraph."""
    done: list[list[DiffPiece]] = []
    paragraph: list[DiffPiece] = []
    for old, new, pieces in steps:
        if new:
            ends = new.closes
        elif paragraph or not done or (old and old.opens):
            ends = bool(old and old.closes) and all(
                piece.change in ("removed", "moved away") for piece in paragraph
            )
        else:  # the end of a paragraph was removed, and its beginning is finished already
            paragraph, ends = done.pop(), True
            paragraph.append(DiffPiece("same", _space_after(paragraph[-1].text)))
        if paragraph and old and old.opens:  # what was removed before ended its own paragraph
            last = paragraph[-1]
            paragraph[-1] = DiffPiece(last.change, last.text + _space_after(last.text))
        paragraph += pieces
        if ends:
            done.append(paragraph)
            paragraph = []
    return [*done, paragraph] if paragraph else done


def _space_after(text: str) -> str:
    """Return the space between a sentence and the next one."""
    return "" if text.endswith((" ", *"。！？」』】）")) else " "


def _merge_pieces(pieces: Iterable[DiffPiece]) -> DiffParagraph:
    """Join neighbouring pieces with the same change, without empty pieces."""
    merged: list[DiffPiece] = []
    filled = (piece for piece in pieces if piece.text)
    for change, group in groupby(filled, lambda piece: piece.change):
        merged.append(DiffPiece(change, "".join(piece.text for piece in group)))
    return tuple(merged)


# -- display ---------------------------------------------------------------------------------------

MIN_FOLDED_PARAGRAPHS = 2
"""Minimum number of consecutive unchanged paragraphs that are folded into one line."""

PLAIN_DIFF_MARKS: dict[DiffChange, tuple[str, str]] = {
    "same": ("", ""),
    "removed": ("[-", "-]"),
    "added": ("{+", "+}"),
    "moved away": ("[moved: ", "]"),
    "moved here": ("{moved here: ", "}"),
}
COLOUR_DIFF_MARKS: dict[DiffChange, tuple[str, str]] = {
    "same": ("", ""),
    "removed": ("\x1b[31;9m", "\x1b[0m"),
    "added": ("\x1b[32;4m", "\x1b[0m"),
    "moved away": ("\x1b[33;9m", "\x1b[0m"),
    "moved here": ("\x1b[36;4m", "\x1b[0m"),
}
HTML_DIFF_MARKS: dict[DiffChange, tuple[str, str]] = {
    "same": ("", ""),
    "removed": ("<del>", "</del>"),
    "added": ("<ins>", "</ins>"),
    "moved away": ('<del class="dateline-moved" title="moved">', "</del>"),
    "moved here": ('<ins class="dateline-moved" title="moved here">', "</ins>"),
}
SPOKEN_DIFF_MARKS: dict[DiffChange, str] = {
    "same": "",
    "removed": "removed: ",
    "added": "added: ",
    "moved away": "moved from here: ",
    "moved here": "moved here: ",
}
"""Texts for screen readers, most of which ignore <ins> and <del>."""


def diff_as_text(compared: TextDiff, colour: bool = False) -> str:
    """Return a diff for the terminal, as [-removed-] {+added+} or in colour.

    Control characters of the texts are removed.
    """
    # imported here, since a crawl that only counts words does not need it
    from archive.text.printable import printable_text

    marks = COLOUR_DIFF_MARKS if colour else PLAIN_DIFF_MARKS
    blocks = []
    for paragraphs in _fold_unchanged(compared.paragraphs):
        if len(paragraphs) >= MIN_FOLDED_PARAGRAPHS:
            blocks.append(f"… {len(paragraphs)} paragraphs unchanged …")
            continue
        for paragraph in paragraphs:
            pieces = [
                _wrap_in_marks(printable_text(piece.text), *marks[piece.change])
                for piece in paragraph
            ]
            blocks.append("".join(pieces))
    return "\n\n".join(block.rstrip() for block in blocks)


def diff_as_html(compared: TextDiff) -> str:
    """Return a diff as HTML paragraphs with `<ins>` and `<del>`, with all texts escaped.

    Unchanged paragraphs are folded into `<details>`.
    """
    blocks = []
    for paragraphs in _fold_unchanged(compared.paragraphs):
        inner = "\n".join(
            f'<p dir="auto">{_paragraph_html(paragraph)}</p>' for paragraph in paragraphs
        )
        if len(paragraphs) >= MIN_FOLDED_PARAGRAPHS:
            summary = f"<summary>… {len(paragraphs)} paragraphs unchanged …</summary>"
            inner = f'<details class="dateline-folded">{summary}\n{inner}\n</details>'
        blocks.append(inner)
    return "\n".join(blocks)


def diff_as_inline_html(compared: TextDiff) -> str:
    """Return a diff as HTML in one line, for a headline."""
    return " ".join(_paragraph_html(paragraph) for paragraph in compared.paragraphs)


def _fold_unchanged(paragraphs: Sequence[DiffParagraph]) -> Iterator[list[DiffParagraph]]:
    """Yield consecutive unchanged paragraphs together, and each changed paragraph alone."""
    for same, group in groupby(paragraphs, is_unchanged_paragraph):
        if same:
            yield list(group)
        else:
            yield from ([paragraph] for paragraph in group)


def _paragraph_html(paragraph: DiffParagraph) -> str:
    """Return a paragraph as HTML."""
    return "".join(_piece_html(piece) for piece in paragraph)


def _piece_html(piece: DiffPiece) -> str:
    """Return a piece as HTML, with a hidden text for screen readers."""
    spoken = SPOKEN_DIFF_MARKS[piece.change]
    hidden = f'<span class="dateline-spoken">{spoken}</span>' if spoken else ""
    before, after = HTML_DIFF_MARKS[piece.change]
    return _wrap_in_marks(escape(piece.text), before + hidden, after)


def _wrap_in_marks(text: str, before: str, after: str) -> str:
    """Return a text between marks, with the spaces at its ends outside of them."""
    bare = text.rstrip(" ")
    lead = bare[: len(bare) - len(bare.lstrip(" "))]
    return lead + before + bare.lstrip(" ") + after + text[len(bare) :]


def changed_lines(before: str, after: str, most: int) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the lines that differ, old and new, in their order: those of equal number in pairs.

    Of each text the first `most` lines are compared.
    """
    old, new = before.split("\n")[:most], after.split("\n")[:most]
    for tag, i, k, j, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if k - i == m - j:
            yield from (([one], [other]) for one, other in zip(old[i:k], new[j:m], strict=True))
        else:
            yield old[i:k], new[j:m]
