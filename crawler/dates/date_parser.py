"""Parse dates and times of pages, feeds and sitemaps.

The results have the forms that `archive/records.py` documents. A timestamp is as exact as the site
was: in UTC if the time zone is known, else a clock time without zone, else a day. Impossible dates
and ambiguous ones (03/04/2024 without a country) are not parsed. A time zone or a half of the day
that is understood only in part is ignored.

Forms of machines are tried first: ISO 8601 in the profile of Atom and sitemaps
(https://www.w3.org/TR/NOTE-datetime), the dates of mail and RSS (RFC 5322,
https://www.rssboard.org/rss-specification), and seconds since 1970. Other texts are read as people
write dates, in the language of the page or feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from urllib.parse import urlsplit

from archive.records import current_timestamp, format_utc
from archive.timestamps import DAY_CHARS, MAX_ZONE_EAST
from crawler.dates.calendars import (
    BUDDHIST_YEARS_AHEAD,
    SOLAR_HIJRI_LANGUAGES,
    SOLAR_HIJRI_MONTH_NAMES,
    SOLAR_HIJRI_YEARS,
    YEAR_BEFORE_ERA,
    gregorian_day_of_solar_hijri,
    gregorian_year_of_era,
    with_decimal_digits,
)
from crawler.dates.clock_times import clock_time_in
from crawler.dates.month_names import fold_date_text, month_of_word, with_english_months
from crawler.dates.short_years import day_with_short_year, full_year
from crawler.dates.time_zones import (
    time_zone_after,
    zone_of_abbreviation,
    zone_of_offset,
)


@dataclass(frozen=True, slots=True)
class SiteDate:
    """A date as a site states it: the archive's timestamp, and the day and offset on the site."""

    timestamp: str
    day: str
    """The day on the site's own clock, YYYY-MM-DD."""
    offset: int | None = None
    """Minutes of the site's clock ahead of UTC; None if no time zone is stated."""


MIN_PAGE_YEAR = 1990
"""The first year in which a page may have been published."""
MIN_FEED_YEAR = 1700
"""The first year that a feed or sitemap may give."""
UNIX_EPOCH_TIMESTAMP = "1970-01-01T00:00:00Z"
"""The zero of Unix time, which programs give for an unknown date."""
MAX_DATE_CHARS = 200
"""Characters; a longer text is not a date."""

DATE_WORDS_TEXT = """
posted published publish first on at by last updated update modified am pm a m p uhr gmt utc est edt
pst pdt et bst cet cest ist kst jst msk date time views view read min minute minutes comments
comment share print email veröffentlicht publié le mis à jour publicado el em às del de den am vom
stand um erstellt opublikowano data dodano godz pubblicato il alle geplaatst op om gepubliceerd
publicerad kl опубликовано дата время в г года monday tuesday wednesday thursday friday saturday
sunday mon tue tues wed thu thur thurs fri sat sun montag dienstag mittwoch donnerstag freitag
samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves
viernes sábado domingo 发布 时间 来源 日期
입력 수정 등록 기사입력 오전 오후 公開 更新 配信 日 月 年 h hrs hours edition issue pst
"""
DATE_WORDS = frozenset(DATE_WORDS_TEXT.split())
"""Words that stand around dates, in many languages."""
MAX_WORDS_BESIDE_DATE = 8
"""Words of a date line that do not stand around dates."""
WORD_IN_DATE_LINE = re.compile(r"[^\W\d_]{2,}")


DATE_SPACE = r"[\s.,/-]*"
MONTH_WORD = r"[^\W\d_][^\s\d.,;:/()\[\]|·•\"«»<>!?+–—-]{1,14}"
"""A word that may be the name of a month."""
ORDINAL_ENDING = r"(?:st|nd|rd|th|er|eme|o|a|º|°|\.)?"
"""Endings of ordinal numbers: `1st`, `1er`, `1º`."""
LINKING_WORD = r"(?:de\s+|of\s+|d['’]\s?|na\s+|ng\s+)?"
"""Words between day and month: `15 de febrero`, `15 of February`."""
SECOND_MONTH_NAME = rf"(?:\s?[/(|-]\s?{MONTH_WORD}\)?)?"
"""The same month by its other name: `شباط/فبراير`."""
DAY_WORD_YEAR = re.compile(
    rf"(?<!\d)(\d{{1,2}}){ORDINAL_ENDING}{DATE_SPACE}{LINKING_WORD}({MONTH_WORD})\.?{SECOND_MONTH_NAME},?{DATE_SPACE}"
    r"(?:del?\s+|do\s+|nam\s+|lui\s+)?(?:พ\.ศ\.|ค\.ศ\.)?\s*(\d{4})(?!\d)"
)
"""`15 February 2024`, `15. Februar 2024`, `15 de febrero de 2024`."""
WORD_DAY_YEAR = re.compile(
    rf"(?<![^\W\d_])({MONTH_WORD})\.?\s+(?:the\s+)?(\d{{1,2}}){ORDINAL_ENDING},?\s+(\d{{4}})(?!\d)"
)
"""`February 15, 2024`."""
YEAR_WORD_DAY = re.compile(
    r"(?<!\d)(\d{4})(?:\.|,|-?[ae]?ko)?[\s-]*(?:m\.\s*|ж\.\s*|оны\s+)?"
    rf"({MONTH_WORD})\.?[\s-]*(\d{{1,2}})(?!\d|[:h]|\.\d)"
)
"""`2024 February 15`, `2024. február 15.`, `2024ko otsailaren 15`."""
YEAR_DAY_WORD = re.compile(rf"(?<!\d)(\d{{4}})\.?\s*gada\s+(\d{{1,2}})\.?\s*({MONTH_WORD})")
"""`2024. gada 15. februāris`, as Latvian writes it."""
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})(?!\d)")
"""`2024-02-15`, `2024/2/15`, `2024年2月15日`, `2024년 2월 15일`."""
YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
"""`15.02.2024`, `15/02/2024`, `02-15-2024`."""
SHORT_YEAR_END = r"(?=$|,?\s+(?:[^\W\d_]{1,5}\.?\s+)?\d{1,2}[:.h]\d\d)"
"""The text after a year of two digits: the end of the line, or a clock time."""
ERA_NAME_PATTERN = "|".join(era for era in YEAR_BEFORE_ERA if len(era) > 1)
ERA_DATE = re.compile(
    rf"({ERA_NAME_PATTERN}|(?<!\w)[rhs](?=\d))\s*(\d{{1,3}}|元)"
    r"\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})(?!\d)"
)
"""`令和6年2月15日`, `R6.2.15`, `民國113年2月15日`."""
REPUBLICAN_DATE = re.compile(
    r"(?<![\d./-])(1\d\d)\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})(?![\d./-])"
)
"""A year of the Republic of China without its name, as Taiwan's pages print it."""
DAY_WORD_SHORT_YEAR = re.compile(
    rf"(?<!\d)(\d{{1,2}})\.?[\s-]+(?:de\s+)?({MONTH_WORD})[\s.-]+(?:de\s+)?['’]?(\d\d)"
    rf"{SHORT_YEAR_END}"
)
"""`15 Feb 24`, at the end of a line or before a clock time."""
WORD_DAY_SHORT_YEAR = re.compile(
    rf"(?<![^\W\d_])({MONTH_WORD})\.?\s+(\d{{1,2}})(?:,\s*['’]?|\s+['’])(\d\d){SHORT_YEAR_END}"
)
"""`Feb 15, '24`, in the same places."""
UNIX_DATE = re.compile(
    r"^[a-z]{3} ([a-z]{3} \d{1,2}) (\d{1,2}:\d{2}:\d{2})(?: ([a-z]{3,4}|[+-]\d{4}))? (\d{4})$"
)
"""The default format of Unix programs: `Thu Feb 15 05:30:00 CET 2024`."""
AMERICAN_PROGRAM_DATE = re.compile(r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M$")
"""The format of programs with American settings."""
ISO_DATE = re.compile(
    r"^(\d{4}-\d{2}-\d{2})(?:[T\s]+(\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?(?:\[[\w/+-]+\])?)?$",
    re.I,
)
"""ISO 8601, also with a blank in place of the `T`, a named zone or Java's zone in brackets."""
COMPACT_ISO_DATE = re.compile(
    r"^(\d{4})(\d\d)(\d\d)(?:T?(\d\d):?(\d\d):?(\d\d)?(Z)?)?$", re.I | re.ASCII
)
"""The basic format of ISO 8601."""
MAIL_DATE = re.compile(
    r"^(?:[^\W\d_]{2,4},?\s*)?(\d{1,2}) (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) (\d{4}) "
    r"(\d\d):(\d\d)(?::(\d\d))? (?:([+-])(\d\d)(\d\d)|([a-z]{1,4}))$",
    re.I | re.ASCII,
)
"""The dates of mail (RFC 5322)."""
MAIL_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
UNIX_SECONDS = re.compile(
    r"^(?:/Date\()?(\d{10})(\d{3})?(?:[.]\d+)?(?:[+-]\d{4})?(?:\)/)?$", re.ASCII
)
"""Seconds or milliseconds since 1970, also in Microsoft's `/Date(…)/`."""
MONTH_FIRST_COUNTRIES = frozenset(("us", "ph"))
DAY_FIRST_COUNTRIES_TEXT = "au bd gb gh hk ie in jm ke lk mt my ng nz pk sg tt tz ug uk za zm zw"
DAY_FIRST_COUNTRIES = frozenset(DAY_FIRST_COUNTRIES_TEXT.split())
"""Countries that write English dates with the month first, and with the day first.

Canada does both."""
SOLAR_HIJRI_MONTHS = {
    fold_date_text(name): number
    for number, names in enumerate(SOLAR_HIJRI_MONTH_NAMES, 1)
    for name in names
}
"""The number of each Solar Hijri month."""


def parse_date(
    raw: str | None, language: str | None = None, month_first: bool | None = None
) -> str | None:
    """Return the timestamp in a text of a site in ISO 8601, as `records.py` defines it, else None.

    `writes_month_first` is the meaning of 03/04/2024 in the country: March (True, as in the United
    States) or April (False). Without it, it means April in all languages but English, and is
    ambiguous in English.
    """
    found = parse_site_date(raw, language, month_first)
    return found.timestamp if found else None


def parse_site_date(
    raw: str | None, language: str | None = None, month_first: bool | None = None
) -> SiteDate | None:
    """Return the date in a text of a site with its day and offset there, as `parse_date` reads it."""
    text = " ".join((raw or "").split())
    if not text or len(text) > MAX_DATE_CHARS:
        return None
    if month_first is None and language in (None, "en") and AMERICAN_PROGRAM_DATE.match(text):
        month_first = True
    text = with_decimal_digits(text)
    try:
        found = _parse_machine_date(_with_gregorian_year(text, language))
        if found:
            return found
        english = with_english_months(fold_date_text(text), language)
        return _parse_written_date(_in_human_order(english), language, month_first)
    except (ValueError, OverflowError):
        return None


def _with_gregorian_year(text: str, language: str | None) -> str:
    """A date of machines with its Gregorian year; with none where its calendar is another one."""
    year = int(text[:4]) if text[:4].isdecimal() and text[4:5] == "-" else 0
    if language == "th" and year > MIN_PAGE_YEAR + BUDDHIST_YEARS_AHEAD:
        return f"{year - BUDDHIST_YEARS_AHEAD}{text[4:]}"
    return "" if language in SOLAR_HIJRI_LANGUAGES and year in SOLAR_HIJRI_YEARS else text


def _parse_machine_date(text: str) -> SiteDate | None:
    """The date in a form of machines; raises ValueError for an impossible one."""
    if text[:4].isdecimal() or text.startswith("/"):
        if iso := ISO_DATE.match(text):
            return _site_date_of_iso_parts(*iso.groups())
        if found := _parse_digits(text):
            return found
    return _parse_mail_date(text)


def writes_month_first(tag: str | None, url: str | None) -> bool | None:
    """Return the meaning of 03/04/2024 by the country of a language tag and a URL: True for March.

    None if neither names a country with one meaning, or if they disagree. Many sites outside of
    America keep the default `en-US` of their software, so the country of the host counts as well.
    """
    language, _, region = (tag or "").replace("_", "-").lower().partition("-")
    if language != "en":
        return None
    said = {_month_first_in_country(region), _month_first_in_country(_top_level_domain(url))} - {
        None
    }
    return said.pop() if len(said) == 1 else None


def _month_first_in_country(code: str) -> bool | None:
    """Return whether a country writes the month first, None if it is unknown."""
    if code in MONTH_FIRST_COUNTRIES:
        return True
    return False if code in DAY_FIRST_COUNTRIES else None


def _top_level_domain(url: str | None) -> str:
    """The top-level domain of a URL."""
    try:
        return (urlsplit(url or "").hostname or "").rpartition(".")[2].lower()
    except ValueError:
        return ""


def parse_source_date(
    raw: str | None,
    *,
    fetched_at: str | None = None,
    language: str | None = None,
    month_first: bool | None = None,
) -> str | None:
    """Return the timestamp in a feed or sitemap, None if it gives none or an impossible one.

    Impossible are dates more than a day after `fetched_at` (default: now), the zero of Unix time,
    and years before 1700.
    """
    found = parse_source_site_date(
        raw, fetched_at=fetched_at, language=language, month_first=month_first
    )
    return found.timestamp if found else None


def parse_source_site_date(
    raw: str | None,
    *,
    fetched_at: str | None = None,
    language: str | None = None,
    month_first: bool | None = None,
) -> SiteDate | None:
    """Return the date in a feed or sitemap with its offset, as `parse_source_date` reads it."""
    text = " ".join((raw or "").split())
    if not 8 <= len(text) <= MAX_DATE_CHARS:
        return None
    found = _parse_iso_fast(text) or parse_site_date(text, language, month_first)
    if found is None:
        return None
    is_possible = _is_possible_source_date(found.timestamp, fetched_at or current_timestamp())
    return found if is_possible else None


def possible_page_date(found: str | None, fetched_at: str | None) -> str | None:
    """Return the timestamp, or None if it is too late or too early for a page.

    Too late is more than a day after the page was fetched, too early is before 1990.
    """
    if found is None or found[:4] < str(MIN_PAGE_YEAR):
        return None
    if not fetched_at:
        return found
    latest = datetime.fromisoformat(fetched_at.replace("Z", "+00:00")) + timedelta(days=1)
    if latest.tzinfo is None:
        latest = latest.replace(tzinfo=UTC)
    return found if found[:19] <= format_utc(latest)[:19] else None


def is_not_before(moment: str, since: str) -> bool:
    """Return whether `parse_date` is `since` or later.

    Only the days are compared, unless both are in UTC.
    """
    exact = moment.endswith("Z") and since.endswith("Z")
    return moment >= since if exact else moment[:10] >= since[:10]


def _is_possible_source_date(found: str, fetched_at: str) -> bool:
    """Return whether a timestamp of a feed or sitemap is possible."""
    is_possible = f"{MIN_FEED_YEAR}" <= found <= _timestamp_a_day_later(fetched_at)
    return is_possible and found != UNIX_EPOCH_TIMESTAMP


@lru_cache(maxsize=8)
def _timestamp_a_day_later(moment: str) -> str:
    """The timestamp one day later."""
    return (date.fromisoformat(moment[:10]) + timedelta(days=1)).isoformat() + moment[10:]


# --- forms of machines ----------------------------------------------------------------------------


def _parse_iso_fast(text: str) -> SiteDate | None:
    """The date in the most common form, `2024-02-15T10:30:00+01:00`, parsed in C.

    A sitemap contains up to 50,000 of them.
    """
    if len(text) < 19 or text[4] != "-" or text[10] not in "T " or not text[5:7].isdecimal():
        return None
    try:
        return _site_date(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _site_date(at: datetime) -> SiteDate:
    """The date of a point in time on a site's clock; without time zone it stays without one.

    The timestamp is written as `archive.records.format_utc` does, at a third of strftime's cost.
    """
    there = at.isoformat(timespec="seconds")
    span = at.utcoffset()
    if span is None:
        return SiteDate(there, there[:DAY_CHARS])
    timestamp = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    minutes = span // timedelta(minutes=1) if abs(span) <= MAX_ZONE_EAST else None
    return SiteDate(timestamp, there[:DAY_CHARS], minutes)


def _site_date_of_day(day: date) -> SiteDate:
    """The date of a day without a time."""
    written = day.isoformat()
    return SiteDate(written, written)


def _site_date_of_iso_parts(day: str, clock: str | None, zone: str | None) -> SiteDate:
    """The date of the parts of an ISO 8601 date."""
    if clock is None:
        return _site_date_of_day(date.fromisoformat(day))
    ends_day = clock in ("24:00", "24:00:00")
    if ends_day:
        clock = "00:00"
    at = datetime.fromisoformat(f"{day}T{clock}") + timedelta(days=ends_day)
    if not zone:
        return _site_date(at)
    if zone[0] not in "+-":
        return _site_date(at.replace(tzinfo=UTC))
    digits = zone[1:].replace(":", "")
    return _site_date(at.replace(tzinfo=zone_of_offset(zone[0], digits[:2], digits[2:])))


def _parse_digits(text: str) -> SiteDate | None:
    """The date in `20240215`, `20240215T103000Z`, or seconds or milliseconds since 1970."""
    if since := UNIX_SECONDS.match(text):
        counted = format_utc(datetime.fromtimestamp(int(since[1]), UTC))
        return SiteDate(counted, counted[:DAY_CHARS])  # a count of seconds names no time zone
    if not (fits := COMPACT_ISO_DATE.match(text)):
        return None
    year, month, day, hour, minute, second, zone = fits.groups()
    if hour is None:
        return _site_date_of_day(date(int(year), int(month), int(day)))
    at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
    return _site_date(at.replace(tzinfo=UTC if zone else None))


def _parse_mail_date(text: str) -> SiteDate | None:
    """The date in the form of mail and RSS (RFC 5322): `Thu, 15 Feb 2024 05:30:00 +0000`."""
    fits = MAIL_DATE.match(text)
    if fits is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes, name = fits.groups()
    name = (name or "").lower()
    if name in ("am", "pm", "et", "ct", "mt", "pt") or hour == "24":
        return None
    zone = zone_of_offset(sign, hours, minutes) if sign else zone_of_abbreviation(name)
    number = MAIL_MONTHS.index(month.lower()) + 1
    at = datetime(int(year), number, int(day), int(hour), int(minute), min(59, int(second or 0)))
    return _site_date(at.replace(tzinfo=zone))


# --- as people write ------------------------------------------------------------------------------


def _in_human_order(text: str) -> str:
    """A Unix date in the order that people use, with the year before the clock time."""
    return UNIX_DATE.sub(r"\1, \4, \2 \3", text)


def _parse_written_date(
    text: str, language: str | None, month_first: bool | None
) -> SiteDate | None:
    """The date in a folded text of people."""
    day, rest = _day_in_text(text, language, month_first)
    if day is None:
        return None
    clock = clock_time_in(rest, language) or clock_time_in(
        _text_before_next_date(rest, language), language
    )
    if clock is None:
        return _site_date_of_day(day)
    at = datetime(day.year, day.month, day.day, clock.hour % 24, clock.minute, clock.second)
    at += timedelta(days=clock.hour == 24)
    return _site_date(at.replace(tzinfo=_zone_of_clock_time(clock.rest, at, language)))


def _text_before_next_date(rest: str, language: str | None) -> str:
    """The text between a date and the next one in the same line, empty without another date."""
    after = rest.partition("\n")[0]
    starts = [fits.start() for fits, day in _unambiguous_days(after, language) if day]
    if last := YEAR_LAST.search(after):
        starts.append(last.start())
    return after[: min(starts, default=0)]


def _zone_of_clock_time(rest: str, at: datetime, language: str | None) -> tzinfo | None:
    """The time zone after a clock time, in the same part of the line."""
    return time_zone_after(rest.partition("\n")[0], at, language)


def _day_in_text(
    text: str, language: str | None, month_first: bool | None
) -> tuple[date | None, str]:
    """The one day in a folded text, and the text without it."""
    for fits, day in _unambiguous_days(text, language):
        if day:
            return day, _text_around_match(text, fits)
    if last := YEAR_LAST.search(text):
        return _day_of_digits(last, language, month_first), _text_around_match(text, last)
    for pattern, day_at, month_at in ((DAY_WORD_SHORT_YEAR, 1, 2), (WORD_DAY_SHORT_YEAR, 2, 1)):
        if short := pattern.search(text):
            month = month_of_word(short[month_at], language)
            year = full_year(int(short[3]), language)
            day = _possible_day(year, month, int(short[day_at])) if month and year else None
            return day, _text_around_match(text, short)
    if found := day_with_short_year(text, language, month_first):
        return found[1], _text_around_match(text, found[0])
    return None, text


def _unambiguous_days(
    text: str, language: str | None
) -> Iterator[tuple[re.Match[str], date | None]]:
    """The places in a text that give a day in an unambiguous order, with the day or None.

    The day is None if the calendar does not have it.
    """
    if not text.isascii() or language == "ja":
        for fits in ERA_DATE.finditer(text):
            if len(fits[1]) > 1 or language == "ja":
                yield (
                    fits,
                    _possible_day(
                        gregorian_year_of_era(fits[1], fits[2]), int(fits[3]), int(fits[4])
                    ),
                )
    for pattern, order in WRITTEN_DATE_FORMS:
        for fits in pattern.finditer(text):
            parts = dict(zip(order, fits.groups(), strict=True))
            year, month, day = int(parts["y"]), parts["m"], int(parts["d"])
            if month.isdigit():
                yield fits, _day_in_local_calendar(year, int(month), day, language)
            elif year in SOLAR_HIJRI_YEARS:
                yield fits, _solar_hijri_day(year, SOLAR_HIJRI_MONTHS.get(month, 0), day)
            elif number := month_of_word(month, language):
                yield fits, _day_in_local_calendar(year, number, day, language)
    if language == "zh":
        for fits in REPUBLICAN_DATE.finditer(text):
            yield (
                fits,
                _possible_day(gregorian_year_of_era("民国", fits[1]), int(fits[2]), int(fits[3])),
            )


WRITTEN_DATE_FORMS = (
    (YEAR_FIRST, "ymd"),
    (DAY_WORD_YEAR, "dmy"),
    (WORD_DAY_YEAR, "mdy"),
    (YEAR_WORD_DAY, "ymd"),
    (YEAR_DAY_WORD, "ydm"),
)
"""Patterns of dates with the order of year, month and day in them."""


def _text_around_match(text: str, fits: re.Match[str]) -> str:
    """The text around a date; the text after it comes first, since clock times usually follow."""
    return f"{text[fits.end() :]}\n{text[: fits.start()]}"


def _day_of_digits(
    fits: re.Match[str], language: str | None, month_first: bool | None
) -> date | None:
    """The day of a date in digits, None if day and month cannot be distinguished."""
    first, second, year = int(fits[1]), int(fits[3]), int(fits[4])
    with_day_first = _day_in_local_calendar(year, second, first, language)
    with_month_first = _day_in_local_calendar(year, first, second, language)
    if fits[2] == "." or month_first is False or (language and language != "en"):
        return with_day_first
    is_ambiguous = with_day_first and with_month_first and first != second
    if month_first or not is_ambiguous:
        return with_month_first or with_day_first
    return None


def _day_in_local_calendar(year: int, month: int, day: int, language: str | None) -> date | None:
    """The Gregorian day of a day whose year is counted as usual in a language."""
    if year in SOLAR_HIJRI_YEARS:
        is_solar = language is None or language in SOLAR_HIJRI_LANGUAGES
        return _solar_hijri_day(year, month, day) if is_solar else None
    if language == "th" and year > MIN_PAGE_YEAR + BUDDHIST_YEARS_AHEAD:
        year -= BUDDHIST_YEARS_AHEAD
    return _possible_day(year, month, day)


def _solar_hijri_day(year: int, month: int, day: int) -> date | None:
    """The Gregorian day of a Solar Hijri day, None if there is no such day."""
    try:
        return gregorian_day_of_solar_hijri(year, month, day)
    except ValueError:
        return None


def _possible_day(year: int, month: int, day: int) -> date | None:
    """The day, None if the calendar does not have it or no page can be that old."""
    try:
        return date(year, month, day) if year >= MIN_PAGE_YEAR else None
    except ValueError:
        return None


# --- lines of a page ------------------------------------------------------------------------------


def is_date_line(text: str) -> bool:
    """Return whether a line only gives a date, perhaps with names; no sentence, no copyright."""
    if "©" in text or "copyright" in text.lower() or "all rights" in text.lower():
        return False
    others = count_words_beside_date(text)
    is_sentence = others > 4 and text.rstrip().endswith((".", "!", "?", "”"))
    return others <= MAX_WORDS_BESIDE_DATE and not is_sentence


def without_date_at_end(line: str) -> str:
    """Return a line without the date at its end.

    `By Jane Doe, Friday 5 March 2026, 13:30` becomes `By Jane Doe`.
    """
    forms = (YEAR_FIRST, DAY_WORD_YEAR, WORD_DAY_YEAR, YEAR_LAST)
    found = filter(None, (form.search(line) for form in forms))
    starts = (match.start() for match in found)
    words = line[: min(starts, default=len(line))].split()
    while words and words[-1].strip(",.:|·•–—-").lower() in DATE_WORDS | {""}:
        words.pop()
    return " ".join(words).rstrip(" ,|·•–—-") or line


def count_words_beside_date(text: str) -> int:
    """Return the number of words in a line that do not stand around dates."""
    return sum(word.lower() not in DATE_WORDS for word in WORD_IN_DATE_LINE.findall(text))


def reads_as_sentence(text: str) -> bool:
    """Return whether a line is a sentence: it has several small words unusual around dates.

    Two are enough in a line with a full stop.
    """
    small = sum(
        word.islower() and word not in DATE_WORDS for word in WORD_IN_DATE_LINE.findall(text)
    )
    has_full_stop = text.rstrip().endswith((".", "!", "?", "”", "…"))
    return bool(small >= (2 if has_full_stop else 5))


DAY_WORD = re.compile(
    rf"(?<!\d)(\d{{1,2}}){ORDINAL_ENDING}{DATE_SPACE}{LINKING_WORD}({MONTH_WORD})"
)
"""`15 February`, without a year."""
WORD_DAY = re.compile(rf"(?<![^\W\d_])({MONTH_WORD})\.?\s+(\d{{1,2}})(?![\d:])")
"""`February 15`, without a year."""
DAY_MONTH = re.compile(r"(?<![\d:.])(\d{1,2})\s?[./月월-]\s?(\d{1,2})(?![\d:])")
"""`15/02`, `15.2`, `2月15`, in either order."""


def days_without_year(raw: str, language: str | None = None) -> list[str]:
    """Return the days without a year in a text as `MM-DD`; for `03/04/2024` both readings."""
    text = with_english_months(fold_date_text(raw), language)
    found = [(month_of_word(fits[2], language), int(fits[1])) for fits in DAY_WORD.finditer(text)]
    found += [(month_of_word(fits[1], language), int(fits[2])) for fits in WORD_DAY.finditer(text)]
    for fits in DAY_MONTH.finditer(text):
        one, other = int(fits[1]), int(fits[2])
        found += [(one, other), (other, one)]
    real = ((month, day) for month, day in found if month and month <= 12 and 1 <= day <= 31)
    return [f"{month:02}-{day:02}" for month, day in real]
