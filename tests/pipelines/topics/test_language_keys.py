"""By what an article is known in any language."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.vectors import cosine_similarity
from pipelines.topics.language_keys import (
    CLEAR_PROMINENCE,
    HEADLINE_KEY_WEIGHT,
    LATER_KEY_WEIGHT,
    MAX_KEYED_CHARS,
    PLACE_KEY_WEIGHT,
    count_keys,
    foreign_link,
    link_prominence,
    neighbour_likeness,
)
from pipelines.topics.place_names import (
    NAME_LANGUAGES,
    PLACE_NAMES_FILE,
    fold_place_name,
    packed_place_names,
    place_names_from_cldr,
    place_names_in,
)
from tests.abroad import COLLISION, TREMOR


def held(text: str, language: str | None, first: str = "@~=#") -> set[str]:
    """The keys of a text, of these kinds."""
    return {key for key in count_keys(None, None, text, language) if key[0] in first}


# -- places ----------------------------------------------------------------------------------------

IN_SEOUL = {
    "en": "Switzerland’s minister flew to Seoul.",
    "de": "Der Schweizer Minister flog nach Seoul.",
    "fr": "Le ministre suisse s’est rendu à Séoul.",
    "tr": "İsviçreli bakan Seul’e uçtu.",
    "ru": "Швейцарский министр прилетел в Сеул.",
    "uk": "Швейцарський міністр прилетів до Сеула.",
    "el": "Ο Ελβετός υπουργός πέταξε στη Σεούλ.",
    "ar": "سافر الوزير السويسري إلى سول",
    "he": "השר משווייץ טס לסיאול",
    "hi": "स्विट्ज़रलैंड के मंत्री सिओल पहुँचे",
    "th": "รัฐมนตรีสวิตเซอร์แลนด์เดินทางถึงโซล",
    "ko": "스위스의 장관이 서울에 도착했다.",
    "ja": "スイスの大臣がソウルに到着した。",
    "zh": "瑞士部长抵达首尔。",
    "zh-Hant": "瑞士部長抵達首爾。",
}


@pytest.mark.parametrize("language", IN_SEOUL)
def test_a_country_and_a_city_are_the_same_places_in_every_language(language: str) -> None:
    assert held(IN_SEOUL[language], language, "@") == {"@CH", "@Seoul"}


@pytest.mark.parametrize(
    ("text", "language", "place"),
    [
        ("российского посла", "ru", "@RU"),
        ("в Великобритании", "ru", "@GB"),
        ("на Великій Британії", "uk", "@GB"),
        ("ucraniano", "es", "@UA"),
        ("Regatului Unit", "ro", "@GB"),
        ("Kuubalaiset äänestävät", "fi", "@CU"),
        ("Qatarda", "uz", "@QA"),
        ("Istanbulissa", "fi", "@Istanbul"),
        ("в Москве", "ru", "@Moscow"),
        ("والأوكرانيين", "ar", "@UA"),
        ("俄羅斯總統", "zh", "@RU"),
        ("紐西蘭和新西兰", "zh", "@NZ"),
        ("남아프리카공화국에서", "ko", "@ZA"),
    ],
)
def test_a_place_is_known_in_whatever_case_and_script_it_stands(
    text: str, language: str, place: str
) -> None:
    assert held(text, language, "@") == {place}


def test_a_longer_name_is_not_the_shorter_one_within_it() -> None:
    assert held("From South Korea and North Korea to South Africa", "en", "@") == {
        "@KR",
        "@KP",
        "@ZA",
    }
    assert held("Papua New Guinea", "en", "@") == {"@PG"}
    assert held("赤道几内亚", "zh", "@") == {"@GQ"}


def test_a_word_that_only_looks_like_a_city_is_none_without_its_capital() -> None:
    assert held("a lima bean and a nice dish", "en", "@") == set()


def test_a_place_whose_language_is_not_known_is_known_by_the_name_that_many_use() -> None:
    assert held("Ukraina Argentina Istanbul", None, "@") == {"@UA", "@AR", "@Istanbul"}


@pytest.mark.slow
def test_the_names_that_are_kept_are_those_of_cldr() -> None:
    tables = place_names_from_cldr()
    assert gzip.decompress(PLACE_NAMES_FILE.read_bytes()) == gzip.decompress(
        packed_place_names(tables)
    ), "run python -m pipelines.topics.place_names"
    assert set(tables) == {"", *NAME_LANGUAGES}


@pytest.mark.parametrize("language", NAME_LANGUAGES)
def test_each_language_names_more_places_than_there_are_countries(language: str) -> None:
    names = place_names_in(language)
    assert len(names.whole) > 1_000
    assert all(fold_place_name(name) == name for name in names.whole)


# -- names by their sound --------------------------------------------------------------------------


@pytest.mark.parametrize("language", COLLISION)
def test_a_persons_name_sounds_alike_in_every_script(language: str) -> None:
    assert "~MLN" in held(COLLISION[language], language, "~")


@pytest.mark.parametrize(
    ("one", "language", "other", "another"),
    [
        ("Zelensky", "en", "Зеленський", "uk"),
        ("Zelensky", "en", "젤렌스키", "ko"),
        ("Zelensky", "en", "ゼレンスキー", "ja"),
        ("Zelensky", "en", "泽连斯基", "zh"),
        ("Zelensky", "en", "澤連斯基", "zh"),
        ("Guterres", "pt", "غوتيريش", "ar"),
        ("Schmidt", "de", "Шмидт", "ru"),
        ("Johnson", "en", "Джонсон", "ru"),
        ("Ardern", "en", "अर्डर्न", "hi"),
    ],
)
def test_a_name_is_one_however_it_is_written(
    one: str, language: str, other: str, another: str
) -> None:
    assert held(one, language, "~") & held(other, another, "~")


def test_names_with_other_consonants_sound_otherwise() -> None:
    assert not held("Malinski", "en", "~") & held("Quintano", "es", "~")


def test_a_word_without_a_capital_is_no_name_where_names_have_capitals() -> None:
    assert held("they repaired engines", "en", "~") == set()
    assert held("они чинили моторы", "ru", "~") == set()


# -- roots and numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["parliament", "parlamento", "парламент", "Parlament", "parlament"]
)
def test_words_of_common_origin_have_one_root(word: str) -> None:
    shared = {"parliament": "=parli"}.get(word, "=parla")
    assert held(word, None, "=") == {shared}


@pytest.mark.parametrize("word", ["economy", "экономика", "ekonomi", "économie", "οικονομία"])
def test_a_root_is_spelled_in_one_way(word: str) -> None:
    assert held(word, None, "=") <= {"=ekono", "=oikon"}


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("1,200 people", "en", "#1200"),
        ("1.200 Menschen", "de", "#1200"),
        ("1 200 personnes", "fr", "#1200"),
        ("1\u202f200 personnes", "fr", "#1200"),
        ("1,35,000 रुपये", "hi", "#135000"),
        ("١٢٠٠ شخص", "ar", "#1200"),
        ("12万人", "ja", "#120000"),
        ("1.5億円", "ja", "#150000000"),
        ("3億人", "zh", "#300000000"),
        ("12만 명", "ko", "#120000"),
        ("5.2%", "en", "#5.2"),
        ("5,2 %", "de", "#5.2"),
        ("５００人", "ja", "#500"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(text: str, language: str, number: str) -> None:
    assert held(text, language, "#") == {number}


@pytest.mark.parametrize("text", ["in 2024", "2024年3月12日", "2024년 3월 12일", "7 people"])
def test_a_year_a_date_and_a_single_digit_are_no_number_to_know_an_article_by(text: str) -> None:
    assert held(text, None, "#") == set()


# -- what is no key --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The other was there, and those would have been about their own.", "en"),
        ("Aber nicht alle haben das über sich, und diese sind durch eine andere.", "de"),
        ("Cette année, mais pas toujours", "fr"),
        ("Когда они были там, если только после этого", "ru"),
        ("これはそれで、そしてまた", "ja"),
        ("这是什么，我们没有", "zh"),
    ],
)
def test_common_words_are_no_keys(text: str, language: str) -> None:
    assert len(held(text, language)) <= 1


@pytest.mark.parametrize(
    "text", ["", " ", "\u0640\u0640", "…", "·", "\u200c", "ー", "a" * 10_000, "9" * 10_000, "א"]
)
def test_what_says_nothing_has_no_keys(text: str) -> None:
    assert held(text, "ar") <= {"=aaaaa"}


@given(
    st.text(max_size=200),
    st.sampled_from(["en", "ar", "he", "zh", "ja", "ko", "th", "hi", "", "xx", None]),
)
def test_any_text_has_keys_of_the_four_kinds_and_nothing_breaks(
    text: str, language: str | None
) -> None:
    assert {key[0] for key in count_keys(text, text, text, language)} <= set("@~=#")


# -- what they count -------------------------------------------------------------------------------


def test_the_headline_counts_twice_and_what_stands_far_down_a_third() -> None:
    filler = "x " * 200
    told = count_keys("Malinski", None, f"Seoul. {filler} 1,350", "en")
    assert (told["~MLNSK"], told["@Seoul"], told["#1350"]) == (
        HEADLINE_KEY_WEIGHT,
        PLACE_KEY_WEIGHT,
        LATER_KEY_WEIGHT,
    )


def test_what_stands_beyond_the_first_paragraphs_is_not_read() -> None:
    assert count_keys(None, None, "x " * MAX_KEYED_CHARS + "Seoul", "en") == {}


def test_a_standfirst_that_the_text_repeats_counts_once() -> None:
    assert (
        count_keys(None, "In Seoul.", "In Seoul.\nIt rained.", "en")["@Seoul"] == PLACE_KEY_WEIGHT
    )


# -- links -----------------------------------------------------------------------------------------


def test_a_link_falls_with_the_days_between_and_never_to_nothing() -> None:
    links = [foreign_link(0.6, 0.3, days) for days in (None, 0, 8, 400)]
    assert links[0] == links[1] == pytest.approx(0.5)
    assert links[1] > links[2] > links[3] > 0.04


def test_words_in_common_count_half_as_much_as_keys() -> None:
    assert foreign_link(0.4, 0.0, 0) == pytest.approx(2 * foreign_link(0.0, 0.4, 0))


def test_a_link_stands_out_less_in_a_crowd() -> None:
    alone, among_many = (
        neighbour_likeness([0.3]),
        neighbour_likeness([0.3, 0.29, 0.28, 0.28, 0.27, 0.1]),
    )
    assert link_prominence(0.3, alone) > CLEAR_PROMINENCE > link_prominence(0.3, among_many)
    assert link_prominence(0.3, alone, among_many) == pytest.approx(
        link_prominence(0.3, (alone + among_many) / 2)
    )


def test_reports_of_one_thing_share_more_keys_than_reports_of_two() -> None:
    def plain(text: str, language: str) -> dict[str, float]:
        return dict.fromkeys(count_keys(None, None, text, language), 1.0)

    english = plain(COLLISION["en"], "en")
    other = cosine_similarity(english, plain(TREMOR["de"], "de"))
    for language, text in COLLISION.items():
        assert cosine_similarity(english, plain(text, language)) > other
