"""What makes two texts identical."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.fingerprint import fingerprinted_text, text_fingerprint

SAME = [
    ("case", "SEOUL opens an embassy", "Seoul opens an embassy"),
    (
        "white space and paragraphs",
        "Seoul opens.\n\n  An\u00a0embassy\tfollows.",
        "Seoul opens. An embassy follows.",
    ),
    ("typographic quotes", "“We’re glad,” she said.", '"We\'re glad," she said.'),
    ("dashes", "ties – at last — open", "ties - at last - open"),
    ("full width", "２０２４年２月", "2024年2月"),
    ("ligature", "the ﬁrst oﬃce", "the first office"),
    ("sharp s", "STRASSE", "straße"),
    ("soft hyphen and zero width", "am\u00adbas\u200bsador", "ambassador"),
    ("composed or not", "Caf\u00e9", "Cafe\u0301"),
    ("closing full stop", "It ended", "It ended."),
    ("punctuation of Chinese", "首尔，哈瓦那。", "首尔 哈瓦那"),
]
APART = [
    ("a figure", "12 ambassadors", "13 ambassadors"),
    ("a decimal point", "grew 1.5 percent", "grew 15 percent"),
    ("an accent", "el cometio", "el cometió"),
    ("a vowel sign of Hindi", "की", "का"),
    ("a currency", "$5 million", "€5 million"),
    ("order", "Seoul told Havana", "Havana told Seoul"),
    ("word boundaries", "the rapist", "therapist"),
    ("a word more", "Seoul opens", "Seoul opens today"),
]


@pytest.mark.parametrize(("_name", "one", "other"), SAME, ids=[row[0] for row in SAME])
def test_what_a_typesetter_changes_leaves_a_text_identical(
    _name: str, one: str, other: str
) -> None:
    assert text_fingerprint(one) == text_fingerprint(other) != ""


@pytest.mark.parametrize(("_name", "one", "other"), APART, ids=[row[0] for row in APART])
def test_what_an_editor_changes_makes_another_text(_name: str, one: str, other: str) -> None:
    assert text_fingerprint(one) != text_fingerprint(other)


@pytest.mark.parametrize("text", ["", " \n\t", "…", "\u200b\ufeff", "\x00"])
def test_a_text_without_a_word_has_no_fingerprint(text: str) -> None:
    assert text_fingerprint(text) == ""


def test_the_fingerprint_of_version_one_stays_what_it_is() -> None:
    """If this fails, raise VERSION: archives hold fingerprints of the old kind."""
    assert text_fingerprint("Seoul and Havana open ties.") == "1:4461e5388812984a95b9add96762eecf"


@given(st.text(st.characters(codec=None), max_size=60))
def test_every_text_has_one_and_folding_twice_changes_nothing(text: str) -> None:
    assert re.fullmatch(r"(1:[0-9a-f]{32})?", text_fingerprint(text))
    assert text_fingerprint(fingerprinted_text(text)) == text_fingerprint(text)
