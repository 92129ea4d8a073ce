"""What language an article is in."""

from __future__ import annotations

import pytest

from crawler.text.language import detect_language, language_code

GERMAN = (
    "Der Hafenrat hat am Dienstag beschlossen, die östliche Mole wieder aufzubauen, die ein Sturm zerstört hat. "
    * 4
)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        *[
            ("en-CA", "en"),
            ("en_US", "en"),
            ("pt_BR", "pt"),
            ("eng", "en"),
            ("wuu", "zh"),
            ("nb-NO", "no"),
        ],
        *[("fil", "fil"), ("us", None), ("English", None), ("x", None), ("", None), (None, None)],
    ],
)
def test_a_language_is_a_code_of_iso_639_1(tag: str | None, code: str | None) -> None:
    assert language_code(tag) == code


def test_a_long_text_outweighs_a_wrong_declaration() -> None:
    assert detect_language(GERMAN, ["en-US"]) == "de"


def test_a_text_that_begins_in_the_declared_language_is_in_it_whatever_it_quotes() -> None:
    quoted = (
        "The harbour board voted to rebuild the eastern pier after the storm, and nobody spoke against it. "
        * 9
    )
    assert detect_language(f"{GERMAN}\n{quoted}", ["de"]) == "de"


def test_a_short_text_leaves_the_declaration_alone() -> None:
    assert detect_language("Pier to be rebuilt by the council", ["de"]) == "de"


def test_letters_of_one_language_alone_decide() -> None:
    assert (
        detect_language("남쪽 항구의 시의회가 부두를 다시 짓기로 의결했다고 밝혔다", ["en"]) == "ko"
    )
    assert detect_language("", [None]) is None
