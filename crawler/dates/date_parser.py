"""Dates and times as pages, feeds and sitemaps write them → the forms that `archive/records.py`
documents.

A moment says no more than the site did: UTC if a zone is known, else a clock time as it stands,
else a day. What no calendar has, and what cannot be told apart (03/04/2024 without a country), is
no date. A zone that is not understood to its end is none, and neither is AM or PM.

Forms of machines are read first: ISO 8601, as Atom and sitemaps profile it
(https://www.w3.org/TR/NOTE-datetime), the dates of mail that RSS uses (RFC 5322,
https://www.rssboard.org/rss-specification), seconds since 1970. The rest is read as people write
it, in the language of the page or feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from urllib.parse import urlsplit

from archive.records import now, utc
from crawler.dates.calendars import (
    BUDDHIST,
    ERAS,
    SOLAR_LANGUAGES,
    SOLAR_MONTHS,
    SOLAR_YEARS,
    era_year,
    of_solar_hijri,
)
from crawler.dates.clock_times import clock_in
from crawler.dates.month_names import folded, in_english, month_number
from crawler.dates.time_zones import named, offset_zone, zone_after

EARLIEST = 1990
"""The year before which no page was published."""
FIRST_YEAR = 1700
"""The year before which nothing in a feed or sitemap was."""
LONGEST = 200
"""Characters; what is longer is no date."""

DATE_WORDS_TEXT = """
posted published publish first on at by last updated update modified am pm a m p uhr gmt utc est edt pst pdt et
bst cet cest ist kst jst msk date time views view read min minute minutes comments comment share print email
veröffentlicht publié le mis à jour publicado el em às del de den am vom stand um erstellt opublikowano data
dodano godz pubblicato il alle geplaatst op om gepubliceerd publicerad kl опубликовано дата время в г года
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun montag
dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes
martes miércoles jueves viernes sábado domingo 发布 时间 来源 日期
입력 수정 등록 기사입력 오전 오후 公開 更新 配信 日 月 年 h hrs hours
edition issue pst
"""
DATE_WORDS = frozenset(DATE_WORDS_TEXT.split())
DATE_LEFT = re.compile(r"[^\W\d_]{2,}")


SPACE = r"[\s.,/-]*"
WORD = r"[^\W\d_][^\s\d.,;:/()\[\]|·•\"«»<>!?+–—-]{1,14}"
ORDINAL = r"(?:st|nd|rd|th|er|eme|o|a|º|°|\.)?"
LINKING = r"(?:de\s+|of\s+|d['’]\s?|na\s+|ng\s+)?"
AND_NAMED = rf"(?:\s?[/(|-]\s?{WORD}\)?)?"
"""The same month by its other name: `شباط/فبراير`."""
DAY_WORD_YEAR = re.compile(
    rf"(?<!\d)(\d{{1,2}}){ORDINAL}{SPACE}{LINKING}({WORD})\.?{AND_NAMED},?{SPACE}(?:del?\s+|do\s+|nam\s+|lui\s+)?"
    r"(?:พ\.ศ\.|ค\.ศ\.)?\s*(\d{4})(?!\d)"
)
WORD_DAY_YEAR = re.compile(
    rf"(?<![^\W\d_])({WORD})\.?\s+(?:the\s+)?(\d{{1,2}}){ORDINAL},?\s+(\d{{4}})(?!\d)"
)
YEAR_WORD_DAY = re.compile(
    rf"(?<!\d)(\d{{4}})(?:\.|,|-?[ae]?ko)?[\s-]*(?:m\.\s*|ж\.\s*|оны\s+)?({WORD})\.?[\s-]*(\d{{1,2}})(?!\d|[:h]|\.\d)"
)
YEAR_DAY_WORD = re.compile(rf"(?<!\d)(\d{{4}})\.?\s*gada\s+(\d{{1,2}})\.?\s*({WORD})")
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})(?!\d)")
YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
ERA = "|".join(era for era in ERAS if len(era) > 1)
OF_ERA = re.compile(
    rf"({ERA}|(?<!\w)[rhs](?=\d))\s*(\d{{1,3}}|元)\s*[年./-]\s*(\d{{1,2}})\s*[月./-]\s*(\d{{1,2}})(?!\d)"
)
REPUBLICAN = re.compile(r"(?<!\d)(1\d\d)\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
"""Years of the Republic of China without its name, as Taiwan's pages print them."""
DAY_WORD_SHORT_YEAR = re.compile(
    rf"(?<!\d)(\d{{1,2}})[\s-]+({WORD})\.?[\s-]+'?(\d\d)(?=$|\s+\d{{1,2}}:\d\d)"
)
SHORT_YEAR = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{2})(?![\d.:])")
"""`25.04.24`, as the German-speaking and Nordic countries and eastern Europe write it."""
UNIX_DATE = re.compile(
    r"^[a-z]{3} ([a-z]{3} \d{1,2}) (\d{1,2}:\d{2}:\d{2})(?: ([a-z]{3,4}|[+-]\d{4}))? (\d{4})$"
)
"""What programs print unasked: `Thu Feb 15 05:30:00 CET 2024`."""
AMERICAN_PROGRAM = re.compile(r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M$")
"""As programs write it that run in the United States."""
ISO = re.compile(
    r"^(\d{4}-\d{2}-\d{2})(?:[T\s]+(\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
    r"(?:\[[\w/+-]+\])?)?$",
    re.I,
)
COMPACT = re.compile(r"^(\d{4})(\d\d)(\d\d)(?:T?(\d\d):?(\d\d):?(\d\d)?(Z)?)?$", re.I | re.ASCII)
MAIL = re.compile(
    r"^(?:[^\W\d_]{2,4},?\s*)?(\d{1,2}) (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) (\d{4}) "
    r"(\d\d):(\d\d)(?::(\d\d))? (?:([+-])(\d\d)(\d\d)|([a-z]{1,4}))$",
    re.I | re.ASCII,
)
MAIL_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SECONDS = re.compile(r"^(?:/Date\()?(\d{10})(\d{3})?(?:[.]\d+)?(?:[+-]\d{4})?(?:\)/)?$", re.ASCII)
MONTH_FIRST = frozenset(("us", "ph"))
DAY_FIRST_TEXT = "au bd gb gh hk ie in jm ke lk mt my ng nz pk sg tt tz ug uk za zm zw"
DAY_FIRST = frozenset(DAY_FIRST_TEXT.split())
"""Countries that write English dates with the month first, and with the day first; Canada does
both."""
SOLAR = {folded(name): number for number, names in enumerate(SOLAR_MONTHS, 1) for name in names}


def moment(
    raw: str | None, language: str | None = None, month_first: bool | None = None
) -> str | None:
    """A moment in ISO 8601, as records.py writes it, of what a site wrote; None where that names
    none.

    `month_first` says how the country writes 03/04/2024: as of March (True, the United States) or
    as of April (False). Without it that is the third of April in every language but English, and no
    date in English.
    """
    text = " ".join((raw or "").split())
    if not text or len(text) > LONGEST:
        return None
    if month_first is None and language in (None, "en") and AMERICAN_PROGRAM.match(text):
        month_first = True
    try:
        if text[:4].isdecimal() or text.startswith("/"):
            if iso := ISO.match(text):
                return _iso(*iso.groups())
            if found := _digits(text):
                return found
        return _mail(text) or _written(
            _in_order(in_english(folded(text), language)), language, month_first
        )
    except (ValueError, OverflowError):
        return None


def month_first(tag: str | None, url: str | None) -> bool | None:
    """How the country of a language tag and of an address writes 03/04/2024; None if neither tells
    or they disagree.

    Many a site outside of America keeps the `en-US` of its software's default, so the host's
    country has a say.
    """
    language, _, region = (tag or "").replace("_", "-").lower().partition("-")
    if language != "en":
        return None
    said = {_of_country(region), _of_country(_top_level(url))} - {None}
    return said.pop() if len(said) == 1 else None


def _of_country(code: str) -> bool | None:
    return True if code in MONTH_FIRST else False if code in DAY_FIRST else None


def _top_level(url: str | None) -> str:
    try:
        return (urlsplit(url or "").hostname or "").rpartition(".")[2].lower()
    except ValueError:
        return ""


def read_moment(
    raw: str | None,
    *,
    fetched_at: str | None = None,
    language: str | None = None,
    month_first: bool | None = None,
) -> str | None:
    """The moment that `raw` of a feed or sitemap names, or None if it names none that can be.

    None too for what lies more than a day after `fetched_at` (now, if left out), for the zero of
    Unix time, and for years before 1700.
    """
    text = " ".join((raw or "").split())
    if not 8 <= len(text) <= LONGEST:
        return None
    found = _fast_iso(text) or moment(text, language, month_first)
    return found if found and _can_be(found, fetched_at or now()) else None


def known_by(found: str | None, fetched_at: str | None) -> str | None:
    """The moment, unless it lies more than a day after the page was fetched, or before there were
    news sites."""
    if found is None or found[:4] < str(EARLIEST):
        return None
    if not fetched_at:
        return found
    latest = datetime.fromisoformat(fetched_at.replace("Z", "+00:00")) + timedelta(days=1)
    return (
        found
        if found[:19] <= utc(latest if latest.tzinfo else latest.replace(tzinfo=UTC))[:19]
        else None
    )


def not_before(moment: str, since: str) -> bool:
    """Whether `moment` is `since` or later; compared by the day unless both are known to the second
    in UTC."""
    exact = moment.endswith("Z") and since.endswith("Z")
    return moment >= since if exact else moment[:10] >= since[:10]


def _can_be(found: str, fetched_at: str) -> bool:
    return f"{FIRST_YEAR}" <= found <= _a_day_after(fetched_at) and found != "1970-01-01T00:00:00Z"


@lru_cache(maxsize=8)
def _a_day_after(moment: str) -> str:
    return (date.fromisoformat(moment[:10]) + timedelta(days=1)).isoformat() + moment[10:]


# --- forms of machines ----------------------------------------------------------------------------


def _fast_iso(text: str) -> str | None:
    """The commonest form, `2024-02-15T10:30:00+01:00`, read in C; a sitemap has 50,000 of them."""
    if len(text) < 19 or text[4] != "-" or text[10] not in "T " or not text[5:7].isdecimal():
        return None
    try:
        return _told(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _told(at: datetime) -> str:
    """As `archive.records.utc` writes it, at a third of strftime's cost; a clock time without zone
    stays one."""
    if at.tzinfo is None:
        return at.isoformat(timespec="seconds")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _iso(day: str, clock: str | None, zone: str | None) -> str:
    if clock is None:
        return date.fromisoformat(day).isoformat()
    if midnight := clock in ("24:00", "24:00:00"):
        clock = "00:00"
    at = datetime.fromisoformat(f"{day}T{clock}") + timedelta(days=midnight)
    if not zone:
        return _told(at)
    if zone[0] not in "+-":
        return _told(at.replace(tzinfo=UTC))
    digits = zone[1:].replace(":", "")
    return _told(at.replace(tzinfo=offset_zone(zone[0], digits[:2], digits[2:])))


def _digits(text: str) -> str | None:
    """`20240215`, `20240215T103000Z`, seconds or milliseconds since 1970."""
    if since := SECONDS.match(text):
        return utc(datetime.fromtimestamp(int(since[1]), UTC))
    if not (fits := COMPACT.match(text)):
        return None
    year, month, day, hour, minute, second, zone = fits.groups()
    if hour is None:
        return date(int(year), int(month), int(day)).isoformat()
    at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
    return _told(at.replace(tzinfo=UTC if zone else None))


def _mail(text: str) -> str | None:
    """The form of mail and feeds (RFC 5322): `Thu, 15 Feb 2024 05:30:00 +0000`."""
    fits = MAIL.match(text)
    if fits is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes, name = fits.groups()
    name = (name or "").lower()
    if name in ("am", "pm", "et", "ct", "mt", "pt") or hour == "24":
        return None
    zone = offset_zone(sign, hours, minutes) if sign else named(name)
    number = MAIL_MONTHS.index(month.lower()) + 1
    at = datetime(int(year), number, int(day), int(hour), int(minute), min(59, int(second or 0)))
    return _told(at.replace(tzinfo=zone))


# --- as people write ------------------------------------------------------------------------------


def _in_order(text: str) -> str:
    """The words of a program's date as people put them, the year before the clock time."""
    return UNIX_DATE.sub(r"\1, \4, \2 \3", text)


def _written(text: str, language: str | None, month_first: bool | None) -> str | None:
    day, rest = _day(text, language, month_first)
    if day is None:
        return None
    clock = clock_in(rest, language) or clock_in(_to_next_day(rest, language), language)
    if clock is None:
        return day.isoformat()
    at = datetime(day.year, day.month, day.day, clock.hour % 24, clock.minute, clock.second)
    at += timedelta(days=clock.hour == 24)
    return _told(at.replace(tzinfo=_zone(clock.rest, at, language)))


def _to_next_day(rest: str, language: str | None) -> str:
    """What stands between a date and the next in the same line; nothing where there is no other."""
    after = rest.partition("\n")[0]
    starts = [fits.start() for fits, day in _named_days(after, language) if day]
    starts += [last.start()] if (last := YEAR_LAST.search(after)) else []
    return after[: min(starts, default=0)]


def _zone(rest: str, at: datetime, language: str | None) -> tzinfo | None:
    """The zone behind a clock time, in the same part of the line."""
    return zone_after(rest.partition("\n")[0], at, language)


def _day(text: str, language: str | None, month_first: bool | None) -> tuple[date | None, str]:
    """The one day that the folded text names, and the text without it."""
    for fits, day in _named_days(text, language):
        if day:
            return day, _without(text, fits)
    if last := YEAR_LAST.search(text):
        return _ambiguous(last, language, month_first), _without(text, last)
    if short := DAY_WORD_SHORT_YEAR.search(text):
        month, year = month_number(short[2], language), int(short[3])
        day = _real(year + (2000 if year < 50 else 1900), month, int(short[1])) if month else None
        return day, _without(text, short)
    if language and language != "en" and (short := SHORT_YEAR.search(text)):
        return _real(2000 + int(short[3]), int(short[2]), int(short[1])), _without(text, short)
    return None, text


def _named_days(text: str, language: str | None) -> Iterator[tuple[re.Match[str], date | None]]:
    """Where the text names a day that only one order of its parts allows, and the day if the
    calendar has it."""
    if not text.isascii() or language == "ja":
        for fits in OF_ERA.finditer(text):
            if len(fits[1]) > 1 or language == "ja":
                yield fits, _real(era_year(fits[1], fits[2]), int(fits[3]), int(fits[4]))
    for pattern, order in FORMS:
        for fits in pattern.finditer(text):
            parts = dict(zip(order, fits.groups(), strict=True))
            year, month, day = int(parts["y"]), parts["m"], int(parts["d"])
            if month.isdigit():
                yield fits, _local(year, int(month), day, language)
            elif year in SOLAR_YEARS:
                yield fits, _solar(year, SOLAR.get(month, 0), day)
            elif number := month_number(month, language):
                yield fits, _local(year, number, day, language)
    if language == "zh":
        for fits in REPUBLICAN.finditer(text):
            yield fits, _real(era_year("民国", fits[1]), int(fits[2]), int(fits[3]))


FORMS = (
    (YEAR_FIRST, "ymd"),
    (DAY_WORD_YEAR, "dmy"),
    (WORD_DAY_YEAR, "mdy"),
    (YEAR_WORD_DAY, "ymd"),
    (YEAR_DAY_WORD, "ydm"),
)


def _without(text: str, fits: re.Match[str]) -> str:
    """The text around a date, what follows it first: that is where clock times stand."""
    return f"{text[fits.end() :]}\n{text[: fits.start()]}"


def _ambiguous(fits: re.Match[str], language: str | None, month_first: bool | None) -> date | None:
    first, second, year = int(fits[1]), int(fits[3]), int(fits[4])
    day_first, by_month = (
        _local(year, second, first, language),
        _local(year, first, second, language),
    )
    if fits[2] == "." or month_first is False or (language and language != "en"):
        return day_first
    if month_first or not (day_first and by_month and first != second):
        return by_month or day_first
    return None


def _local(year: int, month: int, day: int, language: str | None) -> date | None:
    """The Gregorian day of one whose year is counted as the speakers of a language count it."""
    if year in SOLAR_YEARS:
        return _solar(year, month, day) if language is None or language in SOLAR_LANGUAGES else None
    return _real(
        year - BUDDHIST if language == "th" and year > EARLIEST + BUDDHIST else year, month, day
    )


def _solar(year: int, month: int, day: int) -> date | None:
    try:
        return of_solar_hijri(year, month, day)
    except ValueError:
        return None


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year >= EARLIEST else None
    except ValueError:
        return None


# --- lines of a page ------------------------------------------------------------------------------


def is_date_line(text: str) -> bool:
    """Whether a line says when, perhaps who and where too, but tells nothing: no sentence, no
    copyright."""
    if "©" in text or "copyright" in text.lower() or "all rights" in text.lower():
        return False
    words = DATE_LEFT.findall(text)
    told = [word for word in words if word.lower() not in DATE_WORDS]
    return len(told) <= 8 and not (len(told) > 4 and text.rstrip().endswith((".", "!", "?", "”")))


def without_date(line: str) -> str:
    """A line up to the date that it ends with: `By Jane Doe` of `By Jane Doe, Friday 5 March 2026,
    13:30`."""
    found = (
        fits.start()
        for form in (YEAR_FIRST, DAY_WORD_YEAR, WORD_DAY_YEAR, YEAR_LAST)
        if (fits := form.search(line))
    )
    words = line[: min(found, default=len(line))].split()
    while words and words[-1].strip(",.:|·•–—-").lower() in DATE_WORDS | {""}:
        words.pop()
    return " ".join(words).rstrip(" ,|·•–—-") or line


def told_words(text: str) -> int:
    """How many words of a line are none that stand around dates."""
    return sum(word.lower() not in DATE_WORDS for word in DATE_LEFT.findall(text))


def is_sentence(text: str) -> bool:
    """Whether a line tells something: small words that do not stand around dates, most of all
    before a full stop."""
    small = sum(word.islower() and word not in DATE_WORDS for word in DATE_LEFT.findall(text))
    return bool(small >= (2 if text.rstrip().endswith((".", "!", "?", "”", "…")) else 5))


DAY_WORD = re.compile(rf"(?<!\d)(\d{{1,2}}){ORDINAL}{SPACE}{LINKING}({WORD})")
WORD_DAY = re.compile(rf"(?<![^\W\d_])({WORD})\.?\s+(\d{{1,2}})(?![\d:])")
DAY_MONTH = re.compile(r"(?<![\d:.])(\d{1,2})\s?[./月월-]\s?(\d{1,2})(?![\d:])")


def days_in(raw: str, language: str | None = None) -> list[str]:
    """The days that a text may name without a year, or in either order: `MM-DD` of `Mar 12` or
    `03/04/2024`."""
    text = in_english(folded(raw), language)
    found = [(month_number(fits[2], language), int(fits[1])) for fits in DAY_WORD.finditer(text)]
    found += [(month_number(fits[1], language), int(fits[2])) for fits in WORD_DAY.finditer(text)]
    for fits in DAY_MONTH.finditer(text):
        found += [(int(fits[1]), int(fits[2])), (int(fits[2]), int(fits[1]))]
    return [
        f"{month:02}-{day:02}"
        for month, day in found
        if month and 1 <= month <= 12 and 1 <= day <= 31
    ]
