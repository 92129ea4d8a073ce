"""The one table of scripts without spaces, and the decisions that read it."""

from __future__ import annotations

import re

import pytest

from archive.text.diff import diff_as_text, diff_texts
from archive.text.unspaced import (
    SPACELESS_RANGES,
    SUPPLEMENTARY_HAN_RANGE,
    UNSPACED_RANGES,
    UNSPACED_SCRIPT_RANGES,
)
from pipelines.dedup.copies import text_units

SAMPLES = {
    "Thai": "ประเทศไทย",
    "Lao": "ປະເທດລາວ",
    "Burmese": "မြန်မာ",
    "Khmer": "កម្ពុជា",
    "Japanese": "ひらがなカタカナ",
    "Chinese": "首相访问",
}


@pytest.mark.parametrize("letters", SAMPLES.values(), ids=SAMPLES)
def test_every_letter_of_a_script_without_spaces_is_in_the_table(letters: str) -> None:
    assert re.fullmatch(f"[{SPACELESS_RANGES}]+", letters)


@pytest.mark.parametrize("letters", SAMPLES.values(), ids=SAMPLES)
def test_copies_compare_scripts_without_spaces_letter_by_letter(letters: str) -> None:
    units, unspaced = text_units(letters)
    assert (len(units), unspaced) == (len(letters), True)


def test_korean_is_compared_by_letters_in_copies_and_by_words_in_a_diff() -> None:
    assert not re.search(f"[{SPACELESS_RANGES}]", "한국")
    assert re.fullmatch(f"[{UNSPACED_SCRIPT_RANGES}]+", "한국")
    assert len(text_units("한국 사람")[0]) == 4
    shown = diff_as_text(diff_texts("한국 사람이 왔다.", "한국 사자가 왔다."))
    assert "사람이" in shown


@pytest.mark.parametrize("word", ["Ꞌanu", "ꞏab", "ꭰꭱ"], ids=["Latin", "middle dot", "Cherokee"])
def test_letters_of_scripts_with_spaces_stay_in_their_words(word: str) -> None:
    units, unspaced = text_units(f"{word} village")
    assert (len(units), unspaced) == (2, False)


def test_what_the_index_has_in_pairs_is_in_the_table_except_for_single_korean_letters() -> None:
    indexed = re.compile(f"[{UNSPACED_RANGES}]")
    table = re.compile(f"[{UNSPACED_SCRIPT_RANGES}{SUPPLEMENTARY_HAN_RANGE}]")
    letters = filter(indexed.match, map(chr, range(0xE00, 0x32400)))
    missing = {letter for letter in letters if not table.match(letter)}
    jamo = re.compile("[\u1100-\u11ff\u3130-\u318f]")
    others = {letter for letter in missing if not jamo.match(letter)}
    assert others <= {*map(chr, range(0x31F0, 0x3200)), *"々〆〇"}
