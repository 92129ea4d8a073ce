"""Duration of a text comparison, with difflib on words beside it: `python -m bench.diff`.

`--longest` is the maximum number of words. The texts are generated from a fixed seed. Times are the
best of five runs, difflib's of one.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from pathlib import Path

from archive.text.diff import diff_as_html, diff_texts
from bench.figures import Figure

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "il")]
# reads better
FUNCTION_WORDS = """the of to a in and that on for said was with by from it at is as""".split()  # noqa: SIM905


def words(chance: random.Random, count: int, vocabulary: int = 6_000) -> list[str]:
    """Return words with the frequencies of news.

    Two in five are among the commonest words; the others follow Zipf's law.
    """
    rare = ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(vocabulary)]
    weights = [1 / (rank + 3) for rank in range(vocabulary)]
    drawn = iter(chance.choices(rare, weights, k=count))
    return [
        chance.choice(FUNCTION_WORDS) if chance.random() < 0.4 else next(drawn)
        for _ in range(count)
    ]


def text(chance: random.Random, count: int) -> str:
    """Return sentences of 8 to 32 words, three per paragraph."""
    drawn, sentences = words(chance, count), []
    while drawn:
        size = chance.randint(8, 32)
        sentences.append(" ".join(drawn[:size]).capitalize() + ".")
        drawn = drawn[size:]
    return "\n".join(" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3))


def few_edits(chance: random.Random, old: str) -> str:
    """Replace one word in a hundred."""
    return " ".join(
        chance.choice(SYLLABLES) if chance.random() < 0.01 else word for word in old.split(" ")
    )


def each_sentence(chance: random.Random, old: str) -> str:
    """Replace one word of every sentence."""
    lines = []
    for line in old.split("\n"):
        sentences = [sentence.split(" ") for sentence in line.split(". ")]
        for sentence in sentences:
            sentence[chance.randrange(len(sentence))] = chance.choice(SYLLABLES)
        lines.append(". ".join(map(" ".join, sentences)))
    return "\n".join(lines)


def shuffled(chance: random.Random, old: str) -> str:
    """Shuffle the paragraphs."""
    lines = old.split("\n")
    chance.shuffle(lines)
    return "\n".join(lines)


def without_stops(old: str) -> str:
    """Remove all full stops and line ends."""
    return old.replace(".", "").replace("\n", " ")


def cases(chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield name, old text and new text."""
    for name, count in (
        ("small, 150 words", 150),
        ("medium, 900 words", 900),
        ("6,000 words", 6_000),
    ):
        old = text(chance, count)
        yield f"{name}: one word in a hundred", old, few_edits(chance, old)
    yield "6,000 words: one word in every sentence", old, each_sentence(chance, old)
    yield "6,000 words: another text", old, text(chance, 6_000)
    yield "6,000 words: paragraphs shuffled", old, shuffled(chance, old)
    yield (
        "6,000 words without a full stop",
        without_stops(old),
        without_stops(few_edits(chance, old)),
    )
    yield (
        "6,000 words without a full stop: another",
        without_stops(old),
        without_stops(text(chance, 6_000)),
    )
    pool = ["yes", "no", "so", "but"]
    four, others = " ".join(chance.choices(pool, k=6_000)), " ".join(chance.choices(pool, k=6_000))
    yield "6,000 words, four different ones", four, others
    yield "6,000 sentences of one word", four.replace(" ", ". "), "No. " * 5_900
    signs = "".join(
        chance.choices(
            "日月火水木金土山川田人口車門目耳手足力女子上下左右中大小本文字学校先生年", k=9_000
        )
    )
    yield (
        "9,000 characters, unspaced",
        signs,
        signs[:3_000] + "雨" + signs[3_010:7_000] + "風雲" + signs[7_000:],
    )


def milliseconds(work: Callable[[str, str], object], old: str, new: str, runs: int = 5) -> float:
    """Return the time of the fastest of `runs` runs."""
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        work(old, new)
        best = min(best, time.perf_counter() - start)
    return best * 1000


def by_words_alone(old: str, new: str) -> object:
    """Compare word by word with difflib."""
    return SequenceMatcher(None, old.split(), new.split(), autojunk=False).get_opcodes()


def figures(_: Path) -> Iterator[Figure]:
    """Yield the figures for `make bench`: each case against its bound, and one against difflib."""
    for name, old, new in cases(random.Random(7)):
        ours = milliseconds(lambda old, new: diff_as_html(diff_texts(old, new)), old, new)
        yield Figure(f"diff and HTML, {name}", ours, "ms", 200, "bound", "≤ 200 ms")
        if name.startswith("6,000 words: one word in a hundred"):
            yield Figure(
                f"the same, {name}",
                ours,
                "ms",
                milliseconds(by_words_alone, old, new, 1),
                "difflib on words",
            )


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--longest", type=int, default=1_000, help="words up to which difflib alone is measured too"
    )
    longest = parser.parse_args().longest
    print(f"{'milliseconds':44}{'diff':>10}{'and HTML':>10}{'words alone':>13}   words")
    for name, old, new in cases(random.Random(7)):
        found = diff_texts(old, new)
        ours = (
            milliseconds(diff_texts, old, new),
            milliseconds(lambda old, new: diff_as_html(diff_texts(old, new)), old, new),
        )
        alone = (
            f"{milliseconds(by_words_alone, old, new, 1):.1f}"
            if 1 < len(old.split()) <= longest
            else "–"
        )
        print(
            f"{name:44}{ours[0]:>10.1f}{ours[1]:>10.1f}{alone:>13}   +{found.words_added} −{found.words_removed}"
        )


if __name__ == "__main__":
    main()
