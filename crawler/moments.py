"""Dates and times as sites write them → the forms that `archive/records.py` documents.

A moment says no more than the page did: UTC if a zone is known, else a clock time as it stands, else a day. What no
calendar has, and what cannot be told apart (03/04/2024 without a country), is no date.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache

from archive.records import now, utc

EARLIEST = 1990
MONTHS = {  # first letters that tell a month of its language; the longest that fits counts
    1: "jan janv ene enero gen gennaio sty stycznia янв январ січ led ledna oca ocak ιαν ianuarie januar tammi",
    2: "feb fév févr fev luty lut лют фев феврал úno února şub şubat φεβ helmi",
    3: "mar mär märz mars marzo marca maart maa mrt мар март бер бře březn mart μαρ maalis março",
    4: "apr avr avril abr abril kwi апр апрел квіт dub dubna nis nisan απρ huhti ápr",
    5: "may mai mayo mag maggio maj mei мая май трав květ mayıs μαΐ μαι touko maio máj",
    6: "jun juin giu giugno cze czerwca июн черв června haz ιουν kesä juni jún",
    7: "jul juil lug luglio lip lipca июл лип července tem temmuz ιουλ heinä juli júl",
    8: "aug aoû août ago agosto sie sierpnia авг серп srp srpna ağu ağustos αυγ elo ağus",
    9: "sep sept set settembre wrz września сен сент вер září eyl eylül σεπ syys szept",
    10: "oct okt out ott ottobre paź październ окт жовт října eki ekim οκτ loka",
    11: "nov lis listopada ноя нояб лист kas kasım νοε marras nóv",
    12: "dec déc dez dic dicembre gru grudnia дек груд prosin ara aralık δεκ joulu des",
}
MONTH_STEMS = {stem: number for number, stems in MONTHS.items() for stem in stems.split()}
ZONES = {
    "gmt": 0,
    "utc": 0,
    "z": 0,
    "est": -5,
    "edt": -4,
    "pst": -8,
    "pdt": -7,
    "cdt": -5,
    "mdt": -6,
    "mst": -7,
    "cet": 1,
    "cest": 2,
}
ZONES |= {
    "mez": 1,
    "mesz": 2,
    "msk": 3,
    "мск": 3,
    "kst": 9,
    "jst": 9,
    "hkt": 8,
    "aest": 10,
    "aedt": 11,
    "bst": 1,
    "wib": 7,
    "eet": 2,
}

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

WORD = r"[^\W\d_]{3,12}"
ORDINAL = r"(?:st|nd|rd|th|er|º|°|\.)?"
DAY_WORD_YEAR = re.compile(
    rf"(?<!\d)(\d{{1,2}}){ORDINAL}[\s./-]*(?:de\s+|of\s+|d['’])?({WORD})\.?,?[\s./-]*(?:de\s+|del\s+)?(\d{{4}})(?!\d)"
)
WORD_DAY_YEAR = re.compile(rf"\b({WORD})\.?\s+(\d{{1,2}}){ORDINAL},?\s+(\d{{4}})(?!\d)")
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})(?!\d)")
YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
SHORT_YEAR = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{2})(?![\d.:])")
"""`25.04.24`, as the German-speaking and Nordic countries and eastern Europe write it."""
UNIX_DATE = re.compile(r"^[A-Z][a-z]{2} ([A-Z][a-z]{2} \d{1,2}) (\d{1,2}:\d{2}:\d{2})(?: ([A-Z]{3,4}))? (\d{4})$")
"""What programs print unasked: `Thu Feb 15 05:30:00 CET 2024`."""
CLOCK = re.compile(
    r"(?<![\d.:])([01]?\d|2[0-3])\s?[:.hH時시]\s?([0-5]\d)(?::([0-5]\d))?(?:\.\d+)?(?!\d)\s*([ap]\.?\s?m\b\.?)?", re.I
)
OFFSET = re.compile(r"(?:gmt|utc)?\s*([+-])(\d{2}):?(\d{2})\b", re.I)
ZONE_NAME = re.compile(r"^\W*(?:\(?\s*)([A-Za-zМСКмск]{1,4})\b")
DIGITS = re.compile(r"^(\d{8}|\d{10}|\d{13}|\d{14})$")
ISO = re.compile(
    r"^(\d{4}-\d{2}-\d{2})(?:[T\s]+(\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?$",
    re.I,
)


def moment(raw: str | None, language: str | None = None, month_first: bool = False) -> str | None:
    """A moment in ISO 8601, as records.py writes it, of what a site wrote; None where that names none.

    `month_first` reads 03/04/2024 as of March (as in the United States); without it, and in English, such a date is
    read only if one order alone fits the calendar.
    """
    text = (raw or "").strip()
    if not text or len(text) > 200:
        return None
    try:
        return _iso(text) or _digits(text) or _mail(text) or _written(_in_order(text), language, month_first)
    except (ValueError, OverflowError):
        return None


def known_by(found: str | None, fetched_at: str | None) -> str | None:
    """The moment, unless it lies more than a day after the page was fetched, or before there were news sites."""
    if found is None or found[:4] < str(EARLIEST):
        return None
    if not fetched_at:
        return found
    latest = datetime.fromisoformat(fetched_at.replace("Z", "+00:00")) + timedelta(days=1)
    return found if found[:19] <= utc(latest if latest.tzinfo else latest.replace(tzinfo=UTC))[:19] else None


def _iso(text: str) -> str | None:
    fits = ISO.match(text)
    if not fits:
        return None
    day, clock, zone = fits.groups()
    if clock is None:
        return date.fromisoformat(day).isoformat()
    local = datetime.fromisoformat(f"{day}T{clock}")
    return _with_zone(local, _offset(zone) if zone else None)


def _offset(zone: str) -> timedelta | None:
    if zone.lower() in ZONES:
        return timedelta(hours=ZONES[zone.lower()])
    digits = zone[1:].replace(":", "").ljust(4, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    return None if span > timedelta(hours=14) else -span if zone[0] == "-" else span


def _with_zone(local: datetime, offset: timedelta | None) -> str:
    if offset is None:
        return local.replace(microsecond=0).isoformat()
    return utc(local.replace(tzinfo=timezone(offset)))


def _digits(text: str) -> str | None:
    if not DIGITS.match(text):
        return None
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d").date().isoformat()
    if len(text) == 14:
        return _with_zone(datetime.strptime(text, "%Y%m%d%H%M%S"), None)
    return utc(datetime.fromtimestamp(int(text[:10]), UTC))


def _mail(text: str) -> str | None:
    """The form of mail and feeds (RFC 5322): `Thu, 15 Feb 2024 05:30:00 +0000`."""
    if not re.match(
        r"^(?:[A-Z][a-z]{2},\s+)?\d{1,2} [A-Z][a-z]{2} \d{4} \d{1,2}:\d{2}(?::\d{2})?(?: [+-]\d{4}| [A-Z]{1,4})?$", text
    ):
        return None
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return utc(at) if at.tzinfo else _with_zone(at, None)


def _in_order(text: str) -> str:
    """The words of a program's date as people put them, the year before the clock time."""
    return UNIX_DATE.sub(r"\1, \4, \2 \3", text)


def _written(text: str, language: str | None, month_first: bool) -> str | None:
    day, rest = _day(text, language, month_first)
    if day is None:
        return None
    clocks = list(CLOCK.finditer(rest))
    if len(clocks) != 1:  # none, or which of them would be a guess
        return day.isoformat()
    clock = clocks[0]
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if half := (clock[4] or "").lower():
        if not 1 <= hour <= 12:
            return day.isoformat()
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    elif re.search(r"(?:下午|오후|午後)\s*$", rest[: clock.start()]) and hour < 12:
        hour += 12
    return _with_zone(datetime(day.year, day.month, day.day, hour, minute, second), _zone(rest[clock.end() :]))


def _zone(after: str) -> timedelta | None:
    if offset := OFFSET.match(after.strip()):
        return _offset(offset[1] + offset[2] + offset[3])
    name = ZONE_NAME.match(after)
    return timedelta(hours=ZONES[name[1].lower()]) if name and name[1].lower() in ZONES else None


def _day(text: str, language: str | None, month_first: bool) -> tuple[date | None, str]:
    """The one day that the text names, and the text without it."""
    for pattern, order in ((YEAR_FIRST, "ymd"), (DAY_WORD_YEAR, "dmy"), (WORD_DAY_YEAR, "mdy")):
        for fits in pattern.finditer(text):
            parts = dict(zip(order, fits.groups(), strict=True))
            month = int(parts["m"]) if parts["m"].isdigit() else month_number(parts["m"])
            if month and (day := _real(int(parts["y"]), month, int(parts["d"]))):
                return day, _without(text, fits)
    if last := YEAR_LAST.search(text):
        return _ambiguous(last, language, month_first), _without(text, last)
    if language and language != "en" and (short := SHORT_YEAR.search(text)):
        return _real(2000 + int(short[3]), int(short[2]), int(short[1])), _without(text, short)
    return None, text


def _without(text: str, fits: re.Match[str]) -> str:
    """The text around a date, what follows it first: that is where clock times stand."""
    return f"{text[fits.end() :]} {text[: fits.start()]}"


def _ambiguous(fits: re.Match[str], language: str | None, month_first: bool) -> date | None:
    first, second, year = int(fits[1]), int(fits[3]), int(fits[4])
    day_first, by_month = _real(year, second, first), _real(year, first, second)
    if fits[2] == "." or (language and language != "en"):
        return day_first
    if day_first and by_month and first != second:
        return by_month if month_first else None
    return day_first or by_month


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year >= EARLIEST else None
    except ValueError:
        return None


def month_number(word: str) -> int | None:
    """Which month a word names, in some twenty languages, whole or shortened."""
    lower = word.lower()
    for size in range(len(lower), 2, -1):
        if lower[:size] in MONTH_STEMS:
            return MONTH_STEMS[lower[:size]]
    return None


def is_date_line(text: str) -> bool:
    """Whether a line says when, perhaps who and where too, but tells nothing: no sentence, no copyright."""
    if "©" in text or "copyright" in text.lower() or "all rights" in text.lower():
        return False
    words = DATE_LEFT.findall(text)
    told = [word for word in words if word.lower() not in DATE_WORDS]
    return len(told) <= 8 and not (len(told) > 4 and text.rstrip().endswith((".", "!", "?", "”")))


def without_date(line: str) -> str:
    """A line up to the date that it ends with: `By Jane Doe` of `By Jane Doe, Friday 5 March 2026, 13:30`."""
    found = (
        fits.start() for form in (YEAR_FIRST, DAY_WORD_YEAR, WORD_DAY_YEAR, YEAR_LAST) if (fits := form.search(line))
    )
    words = line[: min(found, default=len(line))].split()
    while words and words[-1].strip(",.:|·•–—-").lower() in DATE_WORDS | {""}:
        words.pop()
    return " ".join(words).rstrip(" ,|·•–—-") or line


# --- feeds and sitemaps ---------------------------------------------------------------------------------------------

LONGEST = 64
"""Characters; what is longer is no date."""

FIRST_YEAR = 1700

_ENGLISH_MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6},
    **{"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12},
}

_FEED_ZONES = {
    **dict.fromkeys(("z", "gmt", "ut", "utc", "wet"), 0),
    **{"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7},
    **{"bst": 1, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3},
    **{"sgt": 8, "hkt": 8, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13},
}
"""Hours east of Greenwich. IST is left out: India, Ireland and Israel each mean another hour by it."""

_FEED_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d{1,2})(?:[.,]\d+)?)?"
_FEED_ZONE = r"(?:\s*(?P<zone>[A-Za-z]{1,5}|(?:GMT|UTC)?[+-]\d\d?:?(?:\d\d)?))?(?:\s*\([^()]*\))?"
_FEED_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"(?P<year>\d{{4}})-(?P<month>\d\d?)-(?P<day>\d\d?)(?:(?:T|\s+){_FEED_CLOCK}{_FEED_ZONE})?",
        rf"(?P<year>\d{{4}})/(?P<month>\d\d?)/(?P<day>\d\d?)(?:\s+{_FEED_CLOCK}{_FEED_ZONE})?",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:T?(?P<hour>\d\d):?(?P<minute>\d\d):?(?P<second>\d\d)?(?P<zone>Z)?)?",
        rf"(?:[^\d,]{{1,20}},?\s*)?(?P<day>\d\d?)[\s-]+(?P<name>[A-Za-z]{{3,9}})\.?,?[\s-]+(?P<year>\d{{4}}|\d\d)(?:,?\s+{_FEED_CLOCK}{_FEED_ZONE})?",
        rf"(?:[A-Za-z]+\.?,?\s+)??(?P<name>[A-Za-z]{{3,9}})\.?\s+(?P<day>\d\d?),?\s+(?P<year>\d{{4}})(?:,?\s+{_FEED_CLOCK}{_FEED_ZONE})?",
        rf"[A-Za-z]{{3}}\s+(?P<name>[A-Za-z]{{3}})\s+(?P<day>\d\d?)\s+{_FEED_CLOCK}(?:\s+(?P<zone>[A-Za-z]{{3,4}}))?\s+(?P<year>\d{{4}})",
    )
)


def read_moment(raw: str | None, *, fetched_at: str | None = None) -> str | None:
    """The moment that `raw` names, or None if it names none that can be.

    UTC where the zone is known, a clock time without a zone or a day where no more is said. None too for what lies more
    than a day after `fetched_at` (now, if left out), for the zero of Unix time, and for years before 1700.
    """
    text = " ".join((raw or "").split())
    if not 8 <= len(text) <= LONGEST:
        return None
    moment = _feed_iso(text) or _feed_moment(text)
    return moment if moment and _can_be(moment, fetched_at or now()) else None


def _feed_iso(text: str) -> str | None:
    """The commonest form, `2024-02-15T10:30:00+01:00`, read in C; a sitemap has 50,000 of them."""
    if len(text) < 19 or text[4] != "-" or text[10] not in "T " or not text[5:7].isdecimal():
        return None
    try:
        return _feed_text(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _feed_moment(text: str) -> str | None:
    found = next((match for form in _FEED_FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    part = found.groupdict()
    try:
        day = date(_feed_year(part["year"]), _feed_month(part), int(part["day"]))
        if not part.get("hour"):
            return day.isoformat()
        hour, minute, second = (int(part.get(name) or 0) for name in ("hour", "minute", "second"))
        clock = datetime(day.year, day.month, day.day, hour, minute, second)
        return _feed_text(clock.replace(tzinfo=_feed_zone(part.get("zone"))))
    except (ValueError, OverflowError, KeyError):
        return None


def _feed_text(moment: datetime) -> str:
    """As `archive.records.utc` writes it, at a third of strftime's cost; a clock time without zone stays one."""
    if moment.tzinfo is None:
        return moment.isoformat(timespec="seconds")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _feed_year(digits: str) -> int:
    """Two digits as RFC 2822, 4.3 reads them: 00 to 49 are this century."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 50 else 1900)


def _feed_month(part: dict[str, str | None]) -> int:
    name = part.get("name")
    return _ENGLISH_MONTHS[name[:3].lower()] if name else int(part.get("month") or 0)


def _feed_zone(text: str | None) -> timezone | None:
    """The zone, or None for one that is not given or not known."""
    if not text:
        return None
    offset = re.fullmatch(r"(?:gmt|utc)?([+-])(\d\d?):?(\d\d)?", text.lower())
    if offset is None:
        hours = _FEED_ZONES.get(text.lower())
        return None if hours is None else timezone(timedelta(hours=hours))
    sign = -1 if offset[1] == "-" else 1
    return timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0)))


def _can_be(moment: str, fetched_at: str) -> bool:
    return f"{FIRST_YEAR}" <= moment <= _a_day_after(fetched_at) and moment != "1970-01-01T00:00:00Z"


@lru_cache(maxsize=8)
def _a_day_after(moment: str) -> str:
    return (date.fromisoformat(moment[:10]) + timedelta(days=1)).isoformat() + moment[10:]


def not_before(moment: str, since: str) -> bool:
    """Whether `moment` is `since` or later; compared by the day unless both are known to the second in UTC."""
    exact = moment.endswith("Z") and since.endswith("Z")
    return moment >= since if exact else moment[:10] >= since[:10]
