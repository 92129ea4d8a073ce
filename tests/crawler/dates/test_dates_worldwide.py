"""Dates in the languages, calendars, halves of the day and zones of the world."""

from __future__ import annotations

from collections import defaultdict

import pytest

from crawler.dates.calendars import gregorian_day_of_solar_hijri
from crawler.dates.date_parser import (
    days_without_year,
    parse_date,
    parse_source_date,
    writes_month_first,
)
from crawler.dates.month_names import UNAMBIGUOUS_MONTHS_TEXT, month_names_of, month_of_word

AT_NIGHT = "2024-03-12T18:40:00"


@pytest.mark.parametrize(
    ("raw", "language", "wanted"),
    [
        ("12 Mar 2024 6:40 PM", None, AT_NIGHT),
        ("March 12, 2024 6:40PM", None, AT_NIGHT),
        ("12 Mar 2024 06:40 p. m.", None, AT_NIGHT),
        ("Tue, 12 Mar 2024 6:40:00 PM", None, AT_NIGHT),
        ("2024-03-12 06:40:00 PM", None, AT_NIGHT),
        ("2024-03-12T06:40:00 PM", None, AT_NIGHT),
        ("12 Mar 2024 6 pm", None, "2024-03-12T18:00:00"),
        ("12 Mar 2024 12:10 AM", None, "2024-03-12T00:10:00"),
        ("12 Mar 2024 12:10 PM", None, "2024-03-12T12:10:00"),
        ("12 de marzo de 2024, 6:40 p. m.", "es", AT_NIGHT),
        ("12 de marzo de 2024 a las 6:40 de la tarde", "es", AT_NIGHT),
        ("12 de março de 2024, 6:40 da tarde", "pt", AT_NIGHT),
        ("12/3/2024 06:40 CH", "vi", AT_NIGHT),
        ("12/3/2024 12:05 SA", "vi", "2024-03-12T00:05:00"),
        ("12 Μαρτίου 2024, 6:40 μ.μ.", "el", AT_NIGHT),
        ("12/03/2024 6:40 μμ", "el", AT_NIGHT),
        ("12 مارس 2024، 6:40 م", "ar", AT_NIGHT),
        ("12 مارس 2024 12:05 ص", "ar", "2024-03-12T00:05:00"),
        ("12 मार्च 2024, शाम 6:40", "hi", AT_NIGHT),
        ("২০২৪-০৩-১২ বিকাল ৬:৪০", "bn", AT_NIGHT),
        ("2024.03.12. 오전 12:05", "ko", "2024-03-12T00:05:00"),
        ("2024년 3월 12일 오후 6시 40분", "ko", AT_NIGHT),
        ("2024年3月12日 下午6:40", "zh", AT_NIGHT),
        ("2024年3月12日 上午12:05", "zh", "2024-03-12T00:05:00"),
        ("2024年3月12日 午後6時40分", "ja", AT_NIGHT),
        ("2024年3月12日 午後0時40分", "ja", "2024-03-12T12:40:00"),
        ("2024. március 12. du. 6:40", "hu", AT_NIGHT),
        ("12 Mac 2024 6:40 PTG", "ms", AT_NIGHT),
        ("12 MART 2024 ÖS 6:40", "tr", AT_NIGHT),
        ("12 mars 2024, 6:40 MD", "sq", AT_NIGHT),
        ("12 марта 2024, 6:40 вечера", "ru", AT_NIGHT),
    ],
)
def test_half_a_day_is_read_in_every_language(raw: str, language: str | None, wanted: str) -> None:
    assert parse_date(raw, language) == wanted


@pytest.mark.parametrize("raw", ["12 Mar 2024 18:40 AM", "Tue, 12 Mar 2024 18:40:00 A.M."])
def test_a_clock_that_contradicts_its_half_of_the_day_is_left_out(raw: str) -> None:
    assert parse_date(raw) == "2024-03-12"


def test_what_only_looks_like_half_a_day_is_none() -> None:
    """German `am` is a preposition, and on pages in other languages `CH` and `SA` say nothing of
    the hour."""
    assert parse_date("18:40 am 12. März 2024", "de") == AT_NIGHT
    assert parse_date("12/03/2024 06:40 CH", "fr") == "2024-03-12T06:40:00"


@pytest.mark.parametrize(
    "raw", ["Tue, 12 Mar 2024 24:00:00 +0000", "2024-03-12T24:00:00Z", "12 Mar 2024, 24:00 GMT"]
)
def test_twenty_four_hours_are_the_start_of_the_next_day(raw: str) -> None:
    assert parse_date(raw) == "2024-03-13T00:00:00Z"
    assert parse_date("12 Mar 2024 24:10") == "2024-03-12"


@pytest.mark.parametrize(
    ("zone", "wanted"),
    [
        ("GMT+7", "11:40:00Z"),
        ("(GMT+7)", "11:40:00Z"),
        ("(GMT+07:00)", "11:40:00Z"),
        ("(GMT+0700)", "11:40:00Z"),
        ("GMT+5:30", "13:10:00Z"),
        ("UTC+2", "16:40:00Z"),
        ("UTC +02", "16:40:00Z"),
        ("UTC-5", "23:40:00Z"),
        ("UTC−5", "23:40:00Z"),
        ("UTC–5", "23:40:00Z"),
        ("+7", "11:40:00Z"),
        ("+0545", "12:55:00Z"),
        ("WIB", "11:40:00Z"),
        ("МСК", "15:40:00Z"),
        ("(по московскому времени)", "15:40:00Z"),
        ("EDT", "22:40:00Z"),
        ("ET", "22:40:00Z"),
        ("Pacific Time", "01:40:00Z"),
        ("Europe/Berlin", "17:40:00Z"),
        ("GMT | 5 comments", "18:40:00Z"),
        ("IST", "18:40:00"),
        ("PM", "18:40:00"),
        ("GMT+x", "18:40:00"),
        ("GMT+25", "18:40:00"),
        ("GMT/BST", "18:40:00"),
        ("GMT - 5 comments", "18:40:00"),
        ("UTC/GMT+7", "18:40:00"),
        ("Z+01:00", "18:40:00"),
        ("+7 more", "18:40:00"),
        ("XYZ", "18:40:00"),
    ],
)
def test_a_zone_is_understood_to_its_end_or_unknown(zone: str, wanted: str) -> None:
    day = "2024-03-13" if wanted.startswith("01") else "2024-03-12"
    assert parse_date(f"12 March 2024 18:40 {zone}") == f"{day}T{wanted}"


def test_a_zone_of_many_countries_is_that_of_the_language() -> None:
    assert parse_date("12 मार्च 2024, 18:40 IST", "hi") == "2024-03-12T13:10:00Z"
    assert parse_date("Tue Mar 12 18:40:00 CST 2024", "zh") == "2024-03-12T10:40:00Z"
    assert parse_date("March 12, 2024 6:40 PM CST", "en") == AT_NIGHT
    assert parse_date("Tue, 12 Mar 2024 18:40:00 CST") == "2024-03-13T00:40:00Z"
    assert parse_date("12 mars 2024 18:40 et 3 photos", "fr") == AT_NIGHT


def test_summer_time_of_a_place_follows_the_day() -> None:
    assert parse_date("January 12, 2024 6:40 p.m. ET") == "2024-01-12T23:40:00Z"
    assert parse_date("July 12, 2024 6:40 p.m. ET") == "2024-07-12T22:40:00Z"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raw", "language", "wanted"),
    [
        ("12. lipnja 2023.", "hr", "2023-06-12"),
        ("12. srpnja 2023.", "hr", "2023-07-12"),
        ("12. listopada 2023.", "hr", "2023-10-12"),
        ("12. ožujka 2023. u 18:40", "hr", "2023-03-12T18:40:00"),
        ("12 listopada 2023", "pl", "2023-11-12"),
        ("12 lipca 2023", "pl", "2023-07-12"),
        ("12. srpna 2023", "cs", "2023-08-12"),
        ("12 листопада 2023", "uk", "2023-11-12"),
        ("12 listopada 2023", None, None),
        ("12 март 2024 г., 18:40", "bg", AT_NIGHT),
        ("12 martie 2024, 18:40", "ro", AT_NIGHT),
        ("12. марта 2024. 18:40", "sr", AT_NIGHT),
        ("12. jula 2023.", "sr", "2023-07-12"),
        ("2024. márc. 12., 18:40", "hu", AT_NIGHT),
        ("2024 m. kovo 12 d. 18:40", "lt", AT_NIGHT),
        ("2024. gada 12. marts, 18:40", "lv", AT_NIGHT),
        ("12. märts 2024 18:40", "et", AT_NIGHT),
        ("12 نيسان 2024", "ar", "2024-04-12"),
        ("24 شباط / فبراير 2024", "ar", "2024-02-24"),
        ("12 أفريل 2024", "ar", "2024-04-12"),
        ("12 במרץ 2024, 18:40", "he", AT_NIGHT),
        ("12 मार्च 2024", "hi", "2024-03-12"),
        ("১২ মার্চ ২০২৪", "bn", "2024-03-12"),
        ("12 மார்ச் 2024", "ta", "2024-03-12"),
        ("12 მარტი, 2024", "ka", "2024-03-12"),
        ("12 մարտի 2024", "hy", "2024-03-12"),
        ("Machi 12, 2024", "sw", "2024-03-12"),
        ("12 Maret 2024", "id", "2024-03-12"),
        ("ngày 12 tháng 3 năm 2024", "vi", "2024-03-12"),
        ("12 Tháng Mười Một, 2023", "vi", "2023-11-12"),
        ("30 Δεκέμβρη 2023", "el", "2023-12-30"),
        ("12 AĞUSTOS 2023", "tr", "2023-08-12"),
        ("Ika-12 ng Marso 2024", "fil", "2024-03-12"),
        ("12 d’abril del 2024", "ca", "2024-04-12"),
    ],
)
def test_a_month_is_what_it_is_called_in_the_language_of_the_page(
    raw: str, language: str | None, wanted: str | None
) -> None:
    assert parse_date(raw, language) == wanted


@pytest.mark.parametrize(
    "raw", ["iPhone 15 Pro 2024", "Top 10 Markets 2024", "The 5 Mayors 2023", "3 sets 2024"]
)
def test_a_word_that_only_begins_like_a_month_is_none(raw: str) -> None:
    assert parse_date(raw) is None


@pytest.mark.parametrize(
    ("raw", "language", "wanted"),
    [
        ("۲۲ اسفند ۱۴۰۲ - ۱۸:۴۰", "fa", AT_NIGHT),
        ("۱۴۰۲/۱۲/۲۲", "fa", "2024-03-12"),
        ("30 اسفند 1403", "fa", "2025-03-20"),
        ("30 اسفند 1402", "fa", None),
        ("۱۲ مارس ۲۰۲۴", "fa", "2024-03-12"),
        ("22 حوت 1402", "ps", "2024-03-12"),
        ("12 มีนาคม 2567 18:40 น.", "th", AT_NIGHT),
        ("12 มี.ค. 2567", "th", "2024-03-12"),
        ("วันที่ 12 มิ.ย. พ.ศ. 2566", "th", "2023-06-12"),
        ("12/03/2567", "th", "2024-03-12"),
        ("令和6年3月12日 18時40分", "ja", AT_NIGHT),
        ("令和元年5月1日", "ja", "2019-05-01"),
        ("平成31年4月30日", "ja", "2019-04-30"),
        ("R6.3.12", "ja", "2024-03-12"),
        ("民國113年3月12日", "zh", "2024-03-12"),
        ("113年3月12日", "zh", "2024-03-12"),
        ("2 رمضان 1445", "ar", None),
    ],
)
def test_years_of_other_calendars_are_converted_or_not_read(
    raw: str, language: str, wanted: str | None
) -> None:
    assert parse_date(raw, language) == wanted


def test_the_iranian_year_begins_at_the_equinox() -> None:
    years = {
        1399: "2020-03-20",
        1402: "2023-03-21",
        1403: "2024-03-20",
        1404: "2025-03-21",
        1408: "2029-03-20",
    }
    assert {year: gregorian_day_of_solar_hijri(year, 1, 1).isoformat() for year in years} == years


def test_words_that_need_no_language_name_one_month_in_all_that_have_them() -> None:
    """Against CLDR, for each European language that the list was made of."""
    listed = {word for word in UNAMBIGUOUS_MONTHS_TEXT.split() if not word.endswith(":")}
    named: defaultdict[str, set[int]] = defaultdict(set)
    languages = "de fr es it pt nl pl cs sk tr da sv no fi hr ro hu id ca sl lt lv et sq sr ru uk bg mk be el eu gl is"
    for language in languages.split():
        for name, month in month_names_of(language).items():
            named[name].add(month)
    assert {
        word: named[word]
        for word in listed
        if word in named and named[word] != {month_of_word(word)}
    } == {}
    assert len(listed & named.keys()) > 500


@pytest.mark.parametrize(
    ("tag", "url", "wanted"),
    [
        ("en-US", "https://courier.example/", True),
        ("en_GB", None, False),
        ("en", "https://gazette.co.uk/", False),
        ("en-US", "https://gazette.co.uk/", None),
        ("en-CA", "https://gazette.example/", None),
        ("en", "https://[broken", None),
        ("fr-CA", None, None),
    ],
)
def test_the_order_of_numbers_is_that_of_the_country(
    tag: str, url: str | None, wanted: bool | None
) -> None:
    assert writes_month_first(tag, url) is wanted


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("1710265200", "2024-03-12T17:40:00Z"),
        ("1710265200000", "2024-03-12T17:40:00Z"),
        ("3/12/2024 6:40:00 PM", AT_NIGHT),
        ("12/3/2024 18:40:00", None),
        ("12.03.2024 18:40", AT_NIGHT),
        ("Di, 12 Mrz 2024 18:40:00 +0100", "2024-03-12T17:40:00Z"),
        ("Вт, 12 мар 2024 18:40:00 +0300", "2024-03-12T15:40:00Z"),
        ("Tuesday, March 12, 2024 - 18:40", AT_NIGHT),
        ("2024年3月12日 18:40", AT_NIGHT),
        ("2024-03-12T18:40:00+01:00[Europe/Berlin]", "2024-03-12T17:40:00Z"),
        ("Tue, 12 Mar 2024 18.40.00 GMT", "2024-03-12T18:40:00Z"),
        ("Tue Mar 12 18:40:00 +0100 2024", "2024-03-12T17:40:00Z"),
        ("12/03/2024 18:40", None),
    ],
)
def test_a_feed_reads_every_form_that_pages_do(raw: str, wanted: str | None) -> None:
    assert parse_source_date(raw, fetched_at="2024-03-20T00:00:00Z") == parse_date(raw) == wanted


def test_a_day_without_its_year_is_known_for_comparison() -> None:
    assert days_without_year("Mar 12") == days_without_year("12. März", "de") == ["03-12"]
    assert set(days_without_year("03/12/2024")) == {"03-12", "12-03"}
    assert days_without_year("3 hours ago") == days_without_year("18:40") == []


@pytest.mark.parametrize(
    ("raw", "language"),
    [
        ("15.02.24", "de"),
        ("15/02/24", "fr"),
        ("15-02-24", "nl"),
        ("24-02-15", "sv"),
        ("24.02.15", "ko"),
        ("24. 2. 15.", "ko"),
        ("24/02/15", "ja"),
        ("'24.2.15", "ja"),
        ("24/2/15", "zh"),
        ("15/02/24", "en"),
        ("02/15/24", "en"),
        ("15 févr. 24", "fr"),
        ("15. Feb. 24", "de"),
        ("15 de fev. de 24", "pt"),
        ("Feb 15, '24", "en"),
        ("15 ก.พ. 67", "th"),
        ("15/2/67", "th"),
        ("15/2/24", "th"),
    ],
)
def test_a_year_of_two_digits_is_read_where_the_language_decides(raw: str, language: str) -> None:
    assert parse_date(raw, language) == "2024-02-15"


@pytest.mark.parametrize(
    ("raw", "language"),
    [
        ("03/04/24", "en"),
        ("15/02/24", None),
        ("24.02.15", "ja"),  # perhaps a year of Heisei
        ("24/02/15", "ar"),
        ("'24.2.15", "de"),
        ("15/02/45", "fr"),
        ("31/02/24", "fr"),
        ("15/02/24/7", "fr"),
        ("10:15.02.24", "de"),
    ],
)
def test_a_year_of_two_digits_is_not_guessed(raw: str, language: str | None) -> None:
    assert parse_date(raw, language) is None


def test_a_page_of_a_known_country_may_write_the_month_first_before_a_short_year() -> None:
    assert parse_date("03/04/24", "en", month_first=True) == "2024-03-04"
    assert parse_date("03/04/24", "en", month_first=False) == "2024-04-03"


@pytest.mark.parametrize(
    ("raw", "language"),
    [
        ("令和六年二月十五日", "ja"),
        ("二〇二四年二月十五日", "zh"),
        ("中華民國一百一十三年二月十五日", "zh"),
        ("113/02/15", "zh"),
        ("113.02.15", "zh"),
        ("2567-02-15", "th"),
        ("1402-11-26", "fa"),
    ],
)
def test_number_words_and_machine_dates_of_other_calendars_are_read(
    raw: str, language: str
) -> None:
    assert parse_date(raw, language) == "2024-02-15"


def test_the_first_year_of_an_era_and_tens_are_read_as_number_words() -> None:
    assert parse_date("令和元年十月二十三日", "ja") == "2019-10-23"
    assert parse_date("平成三十一年四月三十日", "ja") == "2019-04-30"
    assert parse_date("113/02/15", "en") is None
