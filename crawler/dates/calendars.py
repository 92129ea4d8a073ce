"""Convert years and days of other calendars, as news sites print them, to the Gregorian calendar.

These are the Buddhist years of Thailand, the eras of Japan, the years of the Republic of China
(Taiwan), and the Solar Hijri calendar of Iran and Afghanistan. Pure functions.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

YEAR_BEFORE_ERA = {
    **{"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911},
    **{"r": 2018, "h": 1988, "s": 1925},
}
"""The Gregorian year before the first year of each era."""
BUDDHIST_YEARS_AHEAD = 543
"""Years by which the Buddhist year is ahead of the Gregorian year."""
SOLAR_HIJRI_YEARS = range(1300, 1500)
"""Years that are read as Solar Hijri."""
SOLAR_HIJRI_MONTH_NAMES = (
    ("فروردین", "حمل"),
    ("اردیبهشت", "ثور"),
    ("خرداد", "جوزا"),
    ("تیر", "سرطان"),
    ("مرداد", "اسد"),
    ("شهریور", "سنبله"),
    ("مهر", "میزان"),
    ("آبان", "عقرب"),
    ("آذر", "قوس"),
    ("دی", "جدی"),
    ("بهمن", "دلو"),
    ("اسفند", "حوت"),
)
"""The names of the Solar Hijri months in Iran and in Afghanistan."""
SOLAR_HIJRI_LANGUAGES = frozenset({"fa", "ps"})
"""Languages whose speakers use the Solar Hijri calendar."""
_LEAP_RULE_STARTS = (
    -61,
    9,
    38,
    199,
    426,
    686,
    756,
    818,
    1111,
    1181,
    1210,
    1635,
    2060,
    2097,
    2192,
    2262,
    2324,
    2394,
    2456,
    3178,
)
"""Solar Hijri years in which the rule of leap years (every fourth, at times every fifth) begins
again."""


HAN_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
HAN_DIGITS |= {"零": 0, "○": 0}
HAN_DATE = re.compile(
    r"([〇零○一二三四五六七八九十百]{1,7}|元)年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日"
)
"""A date whose numbers are written as words: `二〇二四年二月十五日`, `令和六年二月十五日`."""


def with_decimal_digits(text: str) -> str:
    """Return a text whose dates in Chinese and Japanese number words are written in digits."""
    if text.isascii() or "年" not in text:
        return text
    return HAN_DATE.sub(
        lambda found: "{}年{}月{}日".format(*map(_number_in_digits, found.groups())), text
    )


def _number_in_digits(word: str) -> str:
    """The digits of a number word below 1000, or of one that is written digit by digit."""
    if word == "元":
        return word
    if not {"十", "百"} & set(word):
        return "".join(str(HAN_DIGITS[digit]) for digit in word)
    number, digit = 0, 0
    for char in word:
        if char in "十百":
            number += max(1, digit) * (10 if char == "十" else 100)
        digit = HAN_DIGITS.get(char, 0)
    return str(number + digit)


def gregorian_year_of_era(era: str, year: str) -> int:
    """Return the Gregorian year of a year of an era; 元 is the first year."""
    return YEAR_BEFORE_ERA[era] + (1 if year == "元" else int(year))


def gregorian_day_of_solar_hijri(year: int, month: int, day: int) -> date:
    """Return the Gregorian day of a Solar Hijri day.

    Raises ValueError for a day that the calendar does not have.
    """
    if (
        year not in SOLAR_HIJRI_YEARS
        or not 1 <= month <= 12
        or not 1 <= day <= _days_of_solar_month(year, month)
    ):
        raise ValueError("no such day")
    before = (month - 1) * 31 - max(0, month - 7) + day - 1
    return _solar_new_year(year) + timedelta(days=before)


def _days_of_solar_month(year: int, month: int) -> int:
    """The number of days of a Solar Hijri month."""
    if month < 7:
        return 31
    return 30 if month < 12 or _is_solar_leap_year(year) else 29


def _is_solar_leap_year(year: int) -> bool:
    """Return whether a Solar Hijri year has 366 days."""
    return (_solar_new_year(year + 1) - _solar_new_year(year)).days == 366


def _solar_new_year(year: int) -> date:
    """The Gregorian day of 1 Farvardin.

    The rule is that of K. M. Borkowski, which Iranian software follows.
    """
    leaps = -14
    start = _LEAP_RULE_STARTS[0]
    for following in _LEAP_RULE_STARTS[1:]:
        length = following - start
        if year < following:
            break
        leaps += length // 33 * 8 + length % 33 // 4
        start = following
    within = year - start
    leaps += within // 33 * 8 + (within % 33 + 3) // 4
    if length % 33 == 4 and length - within == 4:
        leaps += 1
    gregorian = year + 621
    gregorian_leaps = gregorian // 4 - (gregorian // 100 + 1) * 3 // 4 - 150
    return date(gregorian, 3, 20 + leaps - gregorian_leaps)
