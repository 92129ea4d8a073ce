"""What changed between two texts: sentences first, then words inside the sentences that changed.

The standard library's difflib finds the differences. Where much could match much it takes seconds;
such a stretch is first cut at what stands once in either text (the anchors of patience diff, Bram
Cohen 2003), and shown as replaced if there is nothing to cut at.
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

Change = Literal["same", "removed", "added", "moved away", "moved here"]

PAIRS = 2_000
"""Matching pairs in a stretch up to which difflib looks through it: a few milliseconds."""
ANCHORS = (4, 2, 1)
"""Lengths of the runs that anchor, the surest first."""
LONGEST, MOST_SENTENCES = 400_000, 20_000
"""Characters of a text, and sentences of both, up to which they are compared sentence by
sentence."""
HOLDERS = 40
"""Sentences that hold a word, above which it says nothing of which sentence became which."""
WITHIN = 100_000
"""Characters of a stretch that was replaced, old and new together, up to which sentences are
compared by their words; a longer one was written anew."""
DEPTH = 8
"""Times that a stretch is cut anew."""
ALIKE = 0.4
"""Share of words in common from which a sentence is another one changed, and not a new one."""
MOVED = 20
"""Characters of a sentence that can be called moved; shorter ones recur by chance."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and what became of it. `moved away` stands where it was, `moved here` where
    it is."""

    change: Change
    text: str


Paragraph = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """The new text in its order, with what was removed where it stood.

    `words_added` and `words_removed` count words, and characters where blanks do not part words;
    what only moved is neither.
    """

    paragraphs: tuple[Paragraph, ...]
    words_added: int
    words_removed: int

    @property
    def is_empty(self) -> bool:
        """Nothing differs but white space."""
        return all(map(is_same, self.paragraphs))


def is_same(paragraph: Paragraph) -> bool:
    """Whether nothing changed in a paragraph."""
    return all(piece.change == "same" for piece in paragraph)


def diff(old: str, new: str) -> Diff:
    """Compare two texts, paragraphs parted by line feeds. White space within a line is not
    compared."""
    if _is_much(old, new):
        return _at_large(old, new)
    before, after = _sentences(old), _sentences(new)
    paragraphs = tuple(_merged(paragraph) for paragraph in _paragraphs(_compared(before, after)))
    pieces = [piece for paragraph in paragraphs for piece in paragraph]
    return Diff(paragraphs, _count(pieces, "added"), _count(pieces, "removed"))


def _is_much(old: str, new: str) -> bool:
    """Whether two texts are too long to be compared sentence by sentence."""
    sentences = sum(
        text.count(end) for text in (old, new) for end in ("\n", ". ", "。", "! ", "? ")
    )
    return max(len(old), len(new)) > LONGEST or sentences > MOST_SENTENCES


def _at_large(old: str, new: str) -> Diff:
    """The lines that two texts begin and end with alike are the same; what lies between them was
    written anew."""
    before, after = old.split("\n"), new.split("\n")
    most = min(len(before), len(after))
    begin = next((at for at in range(most) if before[at] != after[at]), most)
    end = next(
        (at for at in range(most - begin) if before[-1 - at] != after[-1 - at]), most - begin
    )
    removed, added = (lines[begin : len(lines) - end] for lines in (before, after))
    parts: list[tuple[Change, list[str]]] = [
        ("same", after[:begin]),
        ("removed", removed),
        ("added", added),
        ("same", after[len(after) - end :]),
    ]
    paragraphs = tuple(
        (Piece(change, block),) for change, lines in parts for block in _blocks(lines)
    )
    return Diff(paragraphs, _about("\n".join(added)), _about("\n".join(removed)))


def _blocks(lines: list[str]) -> Iterator[str]:
    """Lines as they are shown: one by one, or many together where there are very many."""
    step = 1 + len(lines) // 1_000
    return filter(
        None, (" ".join(lines[at : at + step]).strip() for at in range(0, len(lines), step))
    )


def _about(text: str) -> int:
    """How many words a long text has, about; characters where blanks do not part words."""
    words = len(text.split())
    return len(text) if words * 50 < len(text) else words


# -- sentences and words ---------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"(?<=[.!?…؟۔।።])[\"'”’»)\]]*\s+|(?<=[。！？])[」』”’）】]*\s*")
_UNSPACED = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff"
    "\u1000-\u109f\u1780-\u17ff\U00020000-\U0003ffff"
)
_MARKS = (
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3"
    "\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
)
_PUNCTUATION = (
    "!-/:-@\\[-`{-~\u00a1-\u00bf\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
)
_PART = f"[^\\s{_PUNCTUATION}{_UNSPACED}]+"
_TOKEN = re.compile(
    rf"(\d+(?:[.,:]\d+)+|[{_UNSPACED}][{_MARKS}]*|{_PART}(?:['’]{_PART})*|\S[{_MARKS}]*)(\s*)"
)
"""A number (1,200.5), a character of an unspaced script, a word (don’t) or a sign; and the white
space after it."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    """With the white space that follows it."""
    key: str
    opens: bool
    """The first of its paragraph."""
    closes: bool


def _sentences(text: str) -> list[_Sentence]:
    found: list[_Sentence] = []
    for line in filter(None, (" ".join(line.split()) for line in text.split("\n"))):
        ends = [
            match.end() for match in _SENTENCE_END.finditer(line) if 0 < match.end() < len(line)
        ]
        parts = [line[start:end] for start, end in pairwise([0, *ends, len(line)]) if start < end]
        found += (
            _Sentence(part, part.strip(), i == 0, i == len(parts) - 1)
            for i, part in enumerate(parts)
        )
    return found


def _tokens(text: str) -> tuple[list[str], list[str]]:
    """Words, signs, and characters of unspaced scripts: bare, and with the white space that
    follows."""
    found: list[tuple[str, str]] = _TOKEN.findall(text)
    return [token for token, _ in found], [token + space for token, space in found]


def _bag(text: str) -> Counter[str]:
    return Counter(token for token in _tokens(text)[0] if token[0].isalnum())


def _count(pieces: Iterable[Piece], change: Change) -> int:
    return sum(_words(piece.text) for piece in pieces if piece.change == change)


def _words(text: str) -> int:
    return sum(match[1][0].isalnum() for match in _TOKEN.finditer(text))


# -- what is the same in two sequences -------------------------------------------------------------

Pairs = list[tuple[int, int]]
"""Places in the old and in the new sequence that belong together, ascending in both."""


def matches(old: Sequence[str], new: Sequence[str]) -> Pairs:
    """The places that hold the same, as many as are found in bounded time."""
    found: Pairs = []
    stretches = [(0, len(old), 0, len(new), DEPTH)]
    while stretches:
        start, end, at, to, depth = stretches.pop()
        while start < end and at < to and old[start] == new[at]:
            found.append((start, at))
            start, at = start + 1, at + 1
        while start < end and at < to and old[end - 1] == new[to - 1]:
            end, to = end - 1, to - 1
            found.append((end, to))
        if start == end or at == to:
            continue
        mine, theirs = old[start:end], new[at:to]
        if _is_cheap(mine, theirs):
            found += ((start + i, at + j) for i, j in _by_difflib(mine, theirs))
        elif depth and (anchors := _anchors(mine, theirs)):
            cuts = [(start, at), *((start + i, at + j) for i, j in anchors), (end, to)]
            stretches += ((i, k, j, m, depth - 1) for (i, j), (k, m) in pairwise(cuts))
    return sorted(found)


def _is_cheap(old: Sequence[str], new: Sequence[str]) -> bool:
    if len(old) * len(new) <= PAIRS:
        return True
    mine, theirs = Counter(old), Counter(new)
    return sum(count * theirs[token] for token, count in mine.items()) <= PAIRS


def _by_difflib(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    for i, j, size in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        yield from zip(range(i, i + size), range(j, j + size), strict=True)


def _anchors(old: Sequence[str], new: Sequence[str]) -> Pairs:
    """Where runs begin that stand once in each, as far as their order agrees."""
    for length in ANCHORS:
        mine, theirs = _unique(old, length), _unique(new, length)
        anchors = _chain([(place, theirs[run]) for run, place in mine.items() if run in theirs])
        if anchors:
            return anchors
    return []


def _unique(tokens: Sequence[str], length: int) -> dict[tuple[str, ...], int]:
    """Runs that occur once, and where."""
    runs = list(zip(*(tokens[start:] for start in range(length)), strict=False))
    counts = Counter(runs)
    return {run: place for place, run in enumerate(runs) if counts[run] == 1}


def _chain(pairs: Pairs) -> Pairs:
    """The longest part of pairs (ascending by the first) that ascends by the second too: patience
    sorting."""
    tops: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        tops[pile : pile + 1], last[pile : pile + 1] = [place], [number]
        before.append(last[pile - 1] if pile else -1)
    chain: Pairs = []
    number = last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


# -- from sentences to pieces ----------------------------------------------------------------------

Step = tuple[_Sentence | None, _Sentence | None, list[Piece]]
"""An old sentence, the new one that it became, and how that reads."""


def _compared(old: list[_Sentence], new: list[_Sentence]) -> Iterator[Step]:
    """The steps from one text to the other."""
    same = matches([sentence.key for sentence in old], [sentence.key for sentence in new])
    moved = _moved(old, new, same)
    i = j = 0
    for k, m in [*same, (len(old), len(new))]:
        yield from _replaced(old[i:k], new[j:m], moved)
        if k < len(old):
            yield old[k], new[m], [Piece("same", new[m].text)]
        i, j = k + 1, m + 1


def _moved(old: list[_Sentence], new: list[_Sentence], same: Pairs) -> set[str]:
    """Sentences that are gone from one place and stand at another."""
    mine, theirs = {i for i, _ in same}, {j for _, j in same}
    gone = {sentence.key for i, sentence in enumerate(old) if i not in mine}
    come = {sentence.key for j, sentence in enumerate(new) if j not in theirs}
    return {key for key in gone & come if len(key) >= MOVED}


def _replaced(old: list[_Sentence], new: list[_Sentence], moved: set[str]) -> Iterator[Step]:
    """Steps of a stretch where no sentence stayed as it was; some became others."""
    i = j = 0
    length = sum(len(sentence.text) for side in (old, new) for sentence in side)
    became = _became(old, new, moved) if length <= WITHIN else []
    for k, m in [*became, (len(old), len(new))]:
        for gone in old[i:k]:
            yield gone, None, [Piece("moved away" if gone.key in moved else "removed", gone.text)]
        for come in new[j:m]:
            yield None, come, [Piece("moved here" if come.key in moved else "added", come.text)]
        if k < len(old):
            yield old[k], new[m], list(_inside(old[k].text, new[m].text))
        i, j = k + 1, m + 1


def _became(old: list[_Sentence], new: list[_Sentence], moved: set[str]) -> Pairs:
    """Which old sentence became which new one: those alike by their words, in order."""
    mine = [Counter[str]() if sentence.key in moved else _bag(sentence.text) for sentence in old]
    theirs = [Counter[str]() if sentence.key in moved else _bag(sentence.text) for sentence in new]
    best: dict[int, int] = {}
    for j, candidates in _candidates(mine, theirs):
        alike = max(candidates, key=lambda i: _likeness(mine[i], theirs[j]))
        if _likeness(mine[alike], theirs[j]) >= ALIKE:
            best.setdefault(alike, j)
    chain = _chain(sorted(best.items()))
    return [*_in_order(chain, mine, theirs)]


def _candidates(
    mine: list[Counter[str]], theirs: list[Counter[str]]
) -> Iterator[tuple[int, list[int]]]:
    """For each new sentence the three old ones that share most of the rarer words."""
    holders: dict[str, list[int]] = {}
    for i, bag in enumerate(mine):
        for word in bag:
            holders.setdefault(word, []).append(i)
    common = min(HOLDERS, max(4, len(mine) // 10))
    for j, bag in enumerate(theirs):
        votes = Counter(
            i for word in bag if len(held := holders.get(word, ())) <= common for i in held
        )
        if votes:
            yield j, [i for i, _ in votes.most_common(3)]


def _in_order(
    chain: Pairs, mine: list[Counter[str]], theirs: list[Counter[str]]
) -> Iterator[tuple[int, int]]:
    """The chain; where as many old as new sentences lie between its links, these too if they are
    alike."""
    i = j = 0
    for k, m in [*chain, (len(mine), len(theirs))]:
        if k - i == m - j:
            yield from ((a, b) for a, b in zip(range(i, k), range(j, m), strict=True)
                        if _likeness(mine[a], theirs[b]) >= ALIKE)  # fmt: skip
        if k < len(mine):
            yield k, m
        i, j = k + 1, m + 1


def _likeness(mine: Counter[str], theirs: Counter[str]) -> float:
    """The share of words in common (Dice's coefficient)."""
    return 2 * (mine & theirs).total() / max(1, mine.total() + theirs.total())


def _inside(old: str, new: str) -> Iterator[Piece]:
    """What changed within a sentence, word by word; one that kept next to nothing in its order is a
    new one."""
    mine, mine_spaced = _tokens(old)
    theirs, theirs_spaced = _tokens(new)
    same = matches(mine, theirs)
    if 2 * len(same) < ALIKE / 2 * (len(mine) + len(theirs)):
        same = []
    i = j = 0
    for k, m, size in [
        *_without_islands(_runs(same), len(mine), len(theirs)),
        (len(mine), len(theirs), 0),
    ]:
        yield Piece("removed", "".join(mine_spaced[i:k]))
        yield Piece("added", "".join(theirs_spaced[j:m]))
        yield Piece("same", "".join(theirs_spaced[m : m + size]))
        i, j = k + size, m + size


Run = tuple[int, int, int]
"""Where it begins in the old and in the new sequence, and how long it is."""


def _runs(pairs: Pairs) -> list[Run]:
    grouped = groupby(
        enumerate(pairs), key=lambda item: (item[1][0] - item[0], item[1][1] - item[0])
    )
    runs = [[pair for _, pair in group] for _, group in grouped]
    return [(*run[0], len(run)) for run in runs]


def _without_islands(runs: list[Run], olds: int, news: int) -> list[Run]:
    """A word or two that stayed amid changes twice as long read worse than one change."""
    kept: list[Run] = []
    i = j = 0
    for number, (k, m, size) in enumerate(runs):
        after = runs[number + 1] if number + 1 < len(runs) else (olds, news, 0)
        ahead = max(k - i, m - j)
        behind = max(after[0] - k - size, after[1] - m - size)
        if size > 2 or min(ahead, behind) < 2 * size:
            kept.append((k, m, size))
            i, j = k + size, m + size
    return kept


def _paragraphs(steps: Iterable[Step]) -> list[list[Piece]]:
    """Steps as paragraphs of the new text; what is removed stays in the paragraph that it was
    in."""
    done: list[list[Piece]] = []
    paragraph: list[Piece] = []
    for old, new, pieces in steps:
        if new:
            ends = new.closes
        elif paragraph or not done or (old and old.opens):
            ends = bool(old and old.closes) and all(
                piece.change in ("removed", "moved away") for piece in paragraph
            )
        else:  # the end of a paragraph is gone, and what stands before it is done already
            paragraph, ends = done.pop(), True
            paragraph.append(Piece("same", _after(paragraph[-1].text)))
        paragraph += pieces
        if ends:
            done.append(paragraph)
            paragraph = []
    return [*done, paragraph] if paragraph else done


def _after(text: str) -> str:
    """What parts a sentence from the one before."""
    return "" if text.endswith((" ", *"。！？」』】）")) else " "


def _merged(pieces: Iterable[Piece]) -> Paragraph:
    """Neighbours of one kind as one piece, empty ones left out."""
    held = (piece for piece in pieces if piece.text)
    grouped = groupby(held, lambda piece: piece.change)
    return tuple(Piece(change, "".join(piece.text for piece in group)) for change, group in grouped)


# -- for people ------------------------------------------------------------------------------------

FOLDED = 2
"""Unchanged paragraphs in a row from which only their number is shown."""

PLAIN: dict[Change, tuple[str, str]] = {
    "same": ("", ""),
    "removed": ("[-", "-]"),
    "added": ("{+", "+}"),
    "moved away": ("[moved: ", "]"),
    "moved here": ("{moved here: ", "}"),
}
COLOURED: dict[Change, tuple[str, str]] = {
    "same": ("", ""),
    "removed": ("\x1b[31;9m", "\x1b[0m"),
    "added": ("\x1b[32;4m", "\x1b[0m"),
    "moved away": ("\x1b[33;9m", "\x1b[0m"),
    "moved here": ("\x1b[36;4m", "\x1b[0m"),
}
MARKUP: dict[Change, tuple[str, str]] = {
    "same": ("", ""),
    "removed": ("<del>", "</del>"),
    "added": ("<ins>", "</ins>"),
    "moved away": ('<del class="dateline-moved" title="moved">', "</del>"),
    "moved here": ('<ins class="dateline-moved" title="moved here">', "</ins>"),
}
SPOKEN: dict[Change, str] = {
    "same": "",
    "removed": "removed: ",
    "added": "added: ",
    "moved away": "moved from here: ",
    "moved here": "moved here: ",
}
"""For those who hear the page: most screen readers say nothing of <ins> and <del>."""


def as_text(compared: Diff, colour: bool = False) -> str:
    """For the terminal: [-removed-] {+added+}, or in colour. Control characters of the texts are
    left out."""
    # with rich, which a crawl that counts words does not need
    from archive.text.printable import printable

    marks = COLOURED if colour else PLAIN
    blocks = []
    for paragraphs in _folded(compared.paragraphs):
        if len(paragraphs) >= FOLDED:
            blocks.append(f"… {len(paragraphs)} paragraphs unchanged …")
        else:
            blocks += [
                "".join(
                    _wrapped(printable(piece.text), *marks[piece.change]) for piece in paragraph
                )
                for paragraph in paragraphs
            ]
    return "\n\n".join(block.rstrip() for block in blocks)


def as_html(compared: Diff) -> str:
    """HTML of paragraphs with `<ins>` and `<del>`, all else escaped; unchanged paragraphs fold into
    `<details>`."""
    blocks = []
    for paragraphs in _folded(compared.paragraphs):
        inner = "\n".join(f'<p dir="auto">{_html(paragraph)}</p>' for paragraph in paragraphs)
        if len(paragraphs) >= FOLDED:
            told = f"… {len(paragraphs)} paragraphs unchanged …"
            inner = (
                f'<details class="dateline-folded"><summary>{told}</summary>\n{inner}\n</details>'
            )
        blocks.append(inner)
    return "\n".join(blocks)


def as_inline_html(compared: Diff) -> str:
    """The same in one line, for a headline."""
    return " ".join(_html(paragraph) for paragraph in compared.paragraphs)


def _folded(paragraphs: Sequence[Paragraph]) -> Iterator[list[Paragraph]]:
    """Unchanged paragraphs together as far as they follow each other, each changed one alone."""
    for same, group in groupby(paragraphs, is_same):
        if same:
            yield list(group)
        else:
            yield from ([paragraph] for paragraph in group)


def _html(paragraph: Paragraph) -> str:
    return "".join(_marked(piece) for piece in paragraph)


def _marked(piece: Piece) -> str:
    spoken = SPOKEN[piece.change]
    hidden = f'<span class="dateline-spoken">{spoken}</span>' if spoken else ""
    before, after = MARKUP[piece.change]
    return _wrapped(escape(piece.text), before + hidden, after)


def _wrapped(text: str, before: str, after: str) -> str:
    """The text in its marks, the white space at its end behind them."""
    bare = text.rstrip(" ")
    lead = bare[: len(bare) - len(bare.lstrip(" "))]
    return lead + before + bare.lstrip(" ") + after + text[len(bare) :]
