"""The dates that feeds, sitemaps and their URLs give, as the moments of `archive.records`; what cannot be is None.

Read are RFC 822 as RSS uses it (https://www.rssboard.org/rss-specification, with the zones of RFC 2822, 4.3) and the
profile of ISO 8601 of Atom and sitemaps (https://www.w3.org/TR/NOTE-datetime). A date that cannot exist is never
mended, a zone that is not known is never guessed: the clock time then stands without one.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from archive.records import now

LONGEST = 64
"""Characters; what is longer is no date."""

FIRST_YEAR = 1700

_MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6},
    **{"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12},
}

_ZONES = {
    **dict.fromkeys(("z", "gmt", "ut", "utc", "wet"), 0),
    **{"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7},
    **{"bst": 1, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3},
    **{"sgt": 8, "hkt": 8, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13},
}
"""Hours east of Greenwich. IST is left out: India, Ireland and Israel each mean another hour by it."""

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d{1,2})(?:[.,]\d+)?)?"
_ZONE = r"(?:\s*(?P<zone>[A-Za-z]{1,5}|(?:GMT|UTC)?[+-]\d\d?:?(?:\d\d)?))?(?:\s*\([^()]*\))?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"(?P<year>\d{{4}})-(?P<month>\d\d?)-(?P<day>\d\d?)(?:(?:T|\s+){_CLOCK}{_ZONE})?",
        rf"(?P<year>\d{{4}})/(?P<month>\d\d?)/(?P<day>\d\d?)(?:\s+{_CLOCK}{_ZONE})?",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:T?(?P<hour>\d\d):?(?P<minute>\d\d):?(?P<second>\d\d)?(?P<zone>Z)?)?",
        rf"(?:[^\d,]{{1,20}},?\s*)?(?P<day>\d\d?)[\s-]+(?P<name>[A-Za-z]{{3,9}})\.?,?[\s-]+(?P<year>\d{{4}}|\d\d)(?:,?\s+{_CLOCK}{_ZONE})?",
        rf"(?:[A-Za-z]+\.?,?\s+)??(?P<name>[A-Za-z]{{3,9}})\.?\s+(?P<day>\d\d?),?\s+(?P<year>\d{{4}})(?:,?\s+{_CLOCK}{_ZONE})?",
        rf"[A-Za-z]{{3}}\s+(?P<name>[A-Za-z]{{3}})\s+(?P<day>\d\d?)\s+{_CLOCK}(?:\s+(?P<zone>[A-Za-z]{{3,4}}))?\s+(?P<year>\d{{4}})",
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
    moment = _iso(text) or _moment(text)
    return moment if moment and _can_be(moment, fetched_at or now()) else None


def _iso(text: str) -> str | None:
    """The commonest form, `2024-02-15T10:30:00+01:00`, read in C; a sitemap has 50,000 of them."""
    if len(text) < 19 or text[4] != "-" or text[10] not in "T " or not text[5:7].isdecimal():
        return None
    try:
        return _written(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _moment(text: str) -> str | None:
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    part = found.groupdict()
    try:
        day = date(_year(part["year"]), _month(part), int(part["day"]))
        if not part.get("hour"):
            return day.isoformat()
        hour, minute, second = (int(part.get(name) or 0) for name in ("hour", "minute", "second"))
        clock = datetime(day.year, day.month, day.day, hour, minute, second)
        return _written(clock.replace(tzinfo=_zone(part.get("zone"))))
    except (ValueError, OverflowError, KeyError):
        return None


def _written(moment: datetime) -> str:
    """As `archive.records.utc` writes it, at a third of strftime's cost; a clock time without zone stays one."""
    if moment.tzinfo is None:
        return moment.isoformat(timespec="seconds")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _year(digits: str) -> int:
    """Two digits as RFC 2822, 4.3 reads them: 00 to 49 are this century."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 50 else 1900)


def _month(part: dict[str, str | None]) -> int:
    name = part.get("name")
    return _MONTHS[name[:3].lower()] if name else int(part.get("month") or 0)


def _zone(text: str | None) -> timezone | None:
    """The zone, or None for one that is not given or not known."""
    if not text:
        return None
    offset = re.fullmatch(r"(?:gmt|utc)?([+-])(\d\d?):?(\d\d)?", text.lower())
    if offset is None:
        hours = _ZONES.get(text.lower())
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


_NAMED_MONTH = "|".join(_MONTHS)
_DAY_IN_PATH = (
    re.compile(
        rf"/(?P<y>(?:19|20)\d\d)/(?P<m>0?[1-9]|1[0-2]|{_NAMED_MONTH})/(?:(?P<d>0?[1-9]|[12]\d|3[01])(?![^/_.-]))?"
    ),
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)-(?P<m>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"),
    re.compile(r"/(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?=[/_.-]|$)"),
)
_TIME_IN_NAME = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)"
    r"(?:(?:[-_.]?(?P<m>0[1-9]|1[0-2])(?:[-_.]?(?P<d>0[1-9]|[12]\d|3[01]))?)"
    r"|(?:/(?P<sm>0?[1-9]|1[0-2])(?:/(?P<sd>0?[1-9]|[12]\d|3[01]))?)"
    r"|(?:&mm=(?P<qm>\d\d?)(?:&dd=(?P<qd>\d\d?))?))?(?!\d)"
)


def latest_day_in_path(url: str) -> str | None:
    """The last day that the date in an article's path allows: `/2024/02/15/…` → 2024-02-15, `/2024/02/…` → 2024-02-29.

    A year alone is a word of the headline, not a date.
    """
    path = _split(url)[0].lower()
    found = (match for form in _DAY_IN_PATH for match in form.finditer(path))
    return next((day for match in found if (day := _last_day(match["y"], match["m"], match["d"]))), None)


def latest_day_in_name(url: str) -> str | None:
    """The last day that a sitemap's name allows: `sitemap-2024-02.xml` → 2024-02-29, `posts-2019.xml` → 2019-12-31.

    Of several dates the latest counts.
    """
    path, query = _split(url)
    found = list(_TIME_IN_NAME.finditer(f"{path}?{query}"))
    days = [_last_day(m["y"], m["m"] or m["sm"] or m["qm"], m["d"] or m["sd"] or m["qd"]) for m in found]
    return max((day for day in days if day), default=None)


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return unquote(parts.path), unquote(parts.query)


def _last_day(year: str, month: str | None, day: str | None) -> str | None:
    try:
        number = 12 if month is None else _MONTHS.get(month) or int(month)
        last = int(day) if day else monthrange(int(year), number)[1]
        return date(int(year), number, last).isoformat()
    except ValueError:
        return None
