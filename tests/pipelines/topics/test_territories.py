"""Countries by the names that people and texts give them."""

from __future__ import annotations

import pytest

from pipelines.topics.territories import (
    countries_called,
    countries_in,
    country_name,
    languages_called,
    languages_of_country,
)


@pytest.mark.parametrize(
    ("text", "language", "codes"),
    [
        (
            "South Korea and Cuba agreed in Seoul; North Korea kept silent.",
            "en",
            {"KR", "CU", "KP"},
        ),
        ("Corea del Sur y Cuba abren embajadas en La Habana", "es", {"KR", "CU"}),
        ("한국과 쿠바가 외교 관계를 수립했다고 서울에서 밝혔다", "ko", {"CU", "KR"}),
        ("日本と韓国の首脳が東京で会談した", "ja", {"JP", "KR"}),
        ("Премьер-министр Японии прилетел в Сеул; в Южной Корее бастуют", "ru", {"JP", "KR"}),
        ("Bundeskanzler reist nach Frankreich, dann weiter nach Warschau", "de", {"FR", "PL"}),
        ("Le ministre est à Londres, puis au Brésil", "fr", {"GB", "BR"}),
        ("วันนี้ประเทศญี่ปุ่นและไทย", "th", {"JP", "TH"}),
        ("رئيس وزراء اليابان يزور مصر", "ar", {"JP", "EG"}),
        ("The council met on Tuesday to talk of the pier.", "en", set()),
        ("", None, set()),
        ("Tokio and Japan", "xx", {"JP"}),
    ],
)
def test_a_text_names_countries_and_their_cities_in_its_own_language(text, language, codes):
    assert set(countries_in(text, language)) >= codes
    if not codes:
        assert not countries_in(text, language)


def test_a_longer_name_goes_before_one_that_is_part_of_it():
    assert set(countries_in("North Korea fired a missile", "en")) == {"KP"}
    assert set(countries_in("Papua New Guinea votes", "en")) == {"PG"}
    assert set(countries_in("South Sudan votes", "en")) == {"SS"}


@pytest.mark.parametrize(
    ("name", "codes"),
    [("korea", {"KP", "KR"}), ("congo", {"CD", "CG"}), ("south", set()), ("UK", {"GB"}), ("in", {"IN"}), ("zz", set()),
     ("Guinea", {"GN"}), ("U.S.A.", {"US"}), ("the Netherlands", {"NL"}), ("netherlands", {"NL"}), ("Türkiye", {"TR"})],
)  # fmt: skip
def test_a_person_means_a_country_by_a_code_a_name_or_a_word_of_it(name, codes):
    assert countries_called(name) == codes


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ko", "ko"),
        ("Korean", "ko"),
        ("한국어", "ko"),
        ("tl", "fil"),
        ("nb", "no"),
        ("farsi", "fa"),
        ("français", "fr"),
    ],
)
def test_a_person_means_a_language_by_a_code_or_a_name(name, code):
    assert languages_called(name) == {code}


def test_a_country_has_a_name_and_languages():
    assert (country_name("KR"), country_name("XK"), country_name(None)) == (
        "South Korea",
        "Kosovo",
        "",
    )
    assert languages_of_country("CH") == ("de", "fr", "it")
    assert languages_of_country("NO") == ("no",)
