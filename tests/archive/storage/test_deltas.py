"""Bodies kept as what they add to an earlier one."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.storage.captures import zstd
from archive.storage.deltas import compress_delta, decompress_delta, is_delta_worthwhile


def page(seed: int, sentences: int = 400) -> bytes:
    """A page of invented words that hardly repeat."""
    dice = random.Random(seed)
    words = ["".join(dice.choices("aeioulnrstkm", k=dice.randint(2, 9))) for _ in range(3000)]
    lines = (" ".join(dice.choices(words, k=14)) for _ in range(sentences))
    return (
        "<!doctype html><title>Ferry</title>" + "".join(f"<p>{line}.</p>\n" for line in lines)
    ).encode()


MORNING = page(1)
EVENING = MORNING.replace(b"<title>Ferry", b"<title>Ferry sails again").replace(
    b"<p>", b"<p>Corrected: ", 1
)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_whatever_shrinks_grows_again(body: bytes, base: bytes) -> None:
    assert decompress_delta(compress_delta(body, base), base) == body


def test_a_corrected_page_costs_little_beside_the_first() -> None:
    alone = zstd.compress(EVENING, 3)
    delta = compress_delta(EVENING, MORNING)

    assert len(delta) < len(alone) / 50
    assert is_delta_worthwhile(delta, alone)


def test_another_page_is_not_worth_a_delta() -> None:
    other = page(2)

    assert not is_delta_worthwhile(compress_delta(other, MORNING), zstd.compress(other, 3))


@pytest.mark.slow
def test_large_pages_grow_again_too() -> None:
    """Larger than the window that zstandard looks back through by itself."""
    base = page(3, 60_000)
    body = base[:3_000_000] + b"<p>Added.</p>" + base[3_000_000:]

    assert len(base) > 4_000_000
    assert decompress_delta(compress_delta(body, base), base) == body


def test_a_delta_read_against_another_page_fails() -> None:
    with pytest.raises(zstd.ZstdError):
        decompress_delta(compress_delta(EVENING, MORNING), page(2))


@pytest.mark.shared
def test_real_pages_fetched_twice_take_a_fifth(shared: Path) -> None:
    """Two captures of one URL, and the revisions of one site: at most a quarter of what they take
    alone."""
    pairs = [*same_urls(shared / "corpus"), *revisions(shared / "corpus")]
    alone = [zstd.compress(body, 3) for _, body in pairs]
    deltas = [compress_delta(body, base) for base, body in pairs]
    kept = [
        delta if is_delta_worthwhile(delta, whole) else whole
        for delta, whole in zip(deltas, alone, strict=True)
    ]

    assert len(pairs) == 78
    assert all(
        decompress_delta(delta, base) == body
        for delta, (base, body) in zip(deltas, pairs, strict=True)
    )
    assert sum(map(len, kept)) < sum(map(len, alone)) / 4


def same_urls(corpus: Path) -> list[tuple[bytes, bytes]]:
    lines = (corpus / "dev" / "same_url.jsonl").read_text().splitlines()
    return successive(
        [
            [corpus / "dev" / "pages" / f"{id}.html.gz" for id in json.loads(line)["ids"]]
            for line in lines
        ]
    )


def revisions(corpus: Path) -> list[tuple[bytes, bytes]]:
    folders = (corpus / "sites" / "ozarks.cgnnews.net" / "revisions").iterdir()
    return successive([sorted(folder.glob("*.html.gz")) for folder in folders])


def successive(captures: list[list[Path]]) -> list[tuple[bytes, bytes]]:
    """Each capture with the first of its URL, where they differ: one that is whole serves all that
    follow."""
    bodies = [[gzip.decompress(path.read_bytes()) for path in paths] for paths in captures]
    return [(first, body) for first, *others in bodies for body in others if body != first]
