"""Years of other calendars that news sites print, as days of the Gregorian calendar. Pure.

The Buddhist years of Thailand, the eras of Japan, the years of the Republic of China (Taiwan), and
the Solar Hijri calendar of Iran and Afghanistan.
"""

from __future__ import annotations

from datetime import date, timedelta

ERAS = {
    **{"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911},
    **{"r": 2018, "h": 1988, "s": 1925},
}
"""The Gregorian year before an era's first."""
BUDDHIST = 543
SOLAR_YEARS = range(1300, 1500)
SOLAR_MONTHS = (
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
SOLAR_LANGUAGES = frozenset({"fa", "ps"})
_CYCLES = (
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
"""Solar Hijri years at which the rule of leap years, every fourth and now and then every fifth,
starts anew."""


def era_year(era: str, year: str) -> int:
    """The Gregorian year of a year of an era; 元 is the first."""
    return ERAS[era] + (1 if year == "元" else int(year))


def of_solar_hijri(year: int, month: int, day: int) -> date:
    """The Gregorian day of a Solar Hijri one. Raises ValueError for a day that the calendar has
    not."""
    longest = 31 if month < 7 else 30 if month < 12 or _is_leap(year) else 29
    if year not in SOLAR_YEARS or not 1 <= month <= 12 or not 1 <= day <= longest:
        raise ValueError("no such day")
    before = (month - 1) * 31 - max(0, month - 7) + day - 1
    return _new_year(year) + timedelta(days=before)


def _is_leap(year: int) -> bool:
    return (_new_year(year + 1) - _new_year(year)).days == 366


def _new_year(year: int) -> date:
    """The Gregorian day of 1 Farvardin, by the rule of K. M. Borkowski that Iranian software
    follows."""
    leaps = -14
    start = _CYCLES[0]
    for following in _CYCLES[1:]:
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
