"""The terms of a text: what is left of it when grammar is taken away."""

from __future__ import annotations

from threading import Thread

import pytest

from pipelines.text.terms import MAX_TERM_CHARS, STEMMER_NAMES, stop_words, text_terms

SAME = {
    "en": (
        "The striking ferries of the harbour",
        "A ferry struck; strikes in harbours",
        {"ferri", "harbour", "strike"},
    ),
    "de": ("Die Häfen streiken", "Ein Hafen", {"haf"}),
    "fr": ("L’île des pêcheurs", "Les îles d’un pêcheur", {"ile", "pecheur"}),
    "es": ("Los pescadores de la isla", "Un pescador en el puerto", {"pescador"}),
    "ru": ("Суда в гаванях", "Судно из гавани", {"гаван"}),
    "el": ("Τα λιμάνια", "Στο λιμάνι", {"λιμαν"}),
    "ar": ("الميناء", "في ميناء", {"ميناء"}),
    "hi": ("नदियों में नावों का", "नदी की नाव", {"नद", "नाव"}),
    "fi": ("Satamat ovat", "Satamassa on", {"satam"}),
    "sv": ("Hamnarna", "I hamnen", {"hamn"}),
    "fa": ("کتاب‌های ما", "این کتاب", {"کتاب"}),
}


@pytest.mark.parametrize("language", SAME)
def test_two_forms_of_one_word_are_one_term(language: str) -> None:
    one, other, common = SAME[language]
    assert set(text_terms(one, language)) & set(text_terms(other, language)) >= common


@pytest.mark.parametrize("language", STEMMER_NAMES)
def test_every_language_that_has_stems_has_stop_words_which_give_no_term(language: str) -> None:
    stop = stop_words(language)
    assert len(stop) >= 40
    assert text_terms(" ".join(sorted(stop)), language) == []


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("东京都知事", "zh", ["东京", "京都", "都知", "知事"]),
        ("港口的渡轮停航了", "zh", ["港口", "渡轮", "轮停", "停航"]),
        (
            "東京で首相が会見した",
            "ja",
            ["東京", "京で", "で首", "首相", "相が", "が会", "会見", "見し"],
        ),
        ("한국이 쿠바와", "ko", ["한국", "국이", "쿠바", "바와"]),
        ("เรือ", "th", ["เร", "รื", "ือ"]),
        ("在2024年 iPhone", "zh", ["2024", "iphone"]),
        ("港", "ja", []),
    ],
)
def test_what_is_written_without_spaces_gives_pairs_of_characters(
    text: str, language: str, wanted: list[str]
) -> None:
    assert text_terms(text, language) == wanted


def test_without_a_language_nothing_is_stemmed_and_nothing_is_a_stop_word() -> None:
    assert text_terms("The ferries, señor", None) == ["the", "ferries", "senor"]
    assert text_terms("The ferries, señor", "xx") == ["the", "ferries", "senor"]


def test_a_language_may_carry_its_country() -> None:
    assert (
        text_terms("os portos", "pt-BR")
        == text_terms("os portos", "pt")
        != text_terms("os portos", None)
    )


def test_accents_case_and_width_make_no_difference() -> None:
    assert text_terms("CAFÉ café ＣＡＦＥ", "en") == text_terms("cafe cafe cafe", "en")


def test_vowel_signs_are_no_accents() -> None:
    assert text_terms("दिल्ली", None) == ["दिल्ली"]


def test_numbers_that_tell_something_are_terms_and_odd_letters_are_none() -> None:
    assert text_terms("In 2024, 7 of 19 ships: Boeing 737 — x", "en") == [
        "2024",
        "ship",
        "boe",
        "737",
    ]


def test_what_is_too_long_is_no_word() -> None:
    assert text_terms("a" * (MAX_TERM_CHARS + 1) + " harbour", "en") == ["harbour"]


@pytest.mark.parametrize("text", ["", "  \n", "…—!?", "\u0301\u0302", "\U0001f6a2", "\ud800"])
def test_a_text_without_words_has_no_terms(text: str) -> None:
    assert [term for term in text_terms(text, "en") if term.strip("\u0301\u0302\ud800")] == []


def test_threads_do_not_disturb_each_other() -> None:
    """Each has stemmers of its own."""
    text = "The striking ferries of the harbour were delayed by winter storms"
    found: list[list[str]] = []
    threads = [
        Thread(target=lambda: found.extend(text_terms(text, "en") for _ in range(50)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [text_terms(text, "en")] * 200
