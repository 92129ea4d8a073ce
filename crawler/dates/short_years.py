"""Dates whose year has two digits, read only where the language decides their order.

`03/04/24` is a day in March, in April or of the year 2003. Most languages write the day first, some
the year; English pages are read by their country, else only where one reading is possible. Pure
functions.
"""

from __future__ import annotations

import re
from datetime import date

from archive.records import current_time
from crawler.dates.calendars import BUDDHIST_YEARS_AHEAD

SHORT_YEAR_DATE = re.compile(
    r"(?<![\d.:/'’-])(['’]?)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\3\s?(\d{2})(?![\d:/-]|\.\d)"
)
"""`25.04.24`, `25/04/24`, `24-04-25`, `'24.4.25`."""
YEAR_FIRST_SEPARATORS = {"ja": "/-", "ko": "./-", "zh": "/-", "hu": ".", "lt": "-", "sv": "-"}
"""By language, the separators of dates that begin with the year.

With full stops, a Japanese year of two digits may be one of an era.
"""
UNREAD_LANGUAGES = frozenset(("ar", "ckb", "fa", "he", "ps", "ur", "ja", "zh"))
"""Languages in which other dates of two-digit years have no certain order, era or calendar."""
MAX_CENTURY_YEAR = 50
"""Two digits from which a year is of the 20th century."""
FIRST_YEAR_OF_BUDDHIST_CENTURY = 2500


def full_year(short: int, language: str | None) -> int | None:
    """Return the Gregorian year of two digits; None if it is not certain.

    Thai pages also give years of the Buddhist calendar so: 67 is 2567, the year 2024.
    """
    latest = current_time().year + 1
    if 2000 + short <= latest:
        return 2000 + short
    if language == "th":
        year = FIRST_YEAR_OF_BUDDHIST_CENTURY + short - BUDDHIST_YEARS_AHEAD
        return year if year <= latest else None
    return 1900 + short if short >= MAX_CENTURY_YEAR else None


def day_with_short_year(
    text: str, language: str | None, month_first: bool | None
) -> tuple[re.Match[str], date | None] | None:
    """Return the place and the day of a date in digits with a year of two; None without one.

    The day is None if its order is not known, or if the calendar does not have it.
    """
    found = SHORT_YEAR_DATE.search(text)
    if found is None:
        return None
    first, middle, last = int(found[2]), int(found[4]), int(found[5])
    if found[1] or found[3] in YEAR_FIRST_SEPARATORS.get(language or "", ""):
        is_known = language in YEAR_FIRST_SEPARATORS
        return found, _short_day(first, middle, last, language) if is_known else None
    if language is None or language in UNREAD_LANGUAGES:
        return found, None
    if language != "en":
        return found, _short_day(last, middle, first, language)
    if month_first is None and found[3] != "/":
        return found, None
    return found, _english_short_day(first, middle, last, month_first)


def _english_short_day(first: int, middle: int, year: int, month_first: bool | None) -> date | None:
    """The day of `02/03/24`; None if either order is possible and neither is known."""
    by_day = _short_day(year, middle, first, "en")
    by_month = _short_day(year, first, middle, "en")
    if month_first is not None:
        return by_month if month_first else by_day
    if by_day is None or by_month is None or by_day == by_month:
        return by_day or by_month
    return None


def _short_day(short_year: int, month: int, day: int, language: str | None) -> date | None:
    """The day of a year of two digits, None if there is no such day."""
    year = full_year(short_year, language)
    try:
        return date(year, month, day) if year else None
    except ValueError:
        return None
