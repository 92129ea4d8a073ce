"""The days that addresses of articles and names of sitemaps give. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from urllib.parse import unquote, urlsplit

_MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6},
    **{"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12},
}
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


def earliest_day_in_path(url: str) -> str | None:
    """The first day that the date in an article's path allows: `/2024/02/…` → 2024-02-01."""
    path = _split(url)[0].lower()
    found = (match for form in _DAY_IN_PATH for match in form.finditer(path))
    return next((day for match in found if (day := _first_day(match["y"], match["m"], match["d"]))), None)


def latest_day_in_name(url: str) -> str | None:
    """The last day that a sitemap's name allows: `sitemap-2024-02.xml` → 2024-02-29, `posts-2019.xml` → 2019-12-31.

    Of several dates the latest counts.
    """
    path, query = _split(url)
    found = list(_TIME_IN_NAME.finditer(f"{path}?{query}"))
    days = [_last_day(m["y"], m["m"] or m["sm"] or m["qm"], m["d"] or m["sd"] or m["qd"]) for m in found]
    return max((day for day in days if day), default=None)


def earliest_day_in_name(url: str) -> str | None:
    """The first day that a sitemap's name allows: `sitemap-2024-02.xml` → 2024-02-01, `posts-2019.xml` → 2019-01-01.

    Of several dates the earliest counts.
    """
    path, query = _split(url)
    found = list(_TIME_IN_NAME.finditer(f"{path}?{query}"))
    days = [_first_day(m["y"], m["m"] or m["sm"] or m["qm"], m["d"] or m["sd"] or m["qd"]) for m in found]
    return min((day for day in days if day), default=None)


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


def _first_day(year: str, month: str | None, day: str | None) -> str | None:
    last = _last_day(year, month, day)
    return last and f"{last[:4]}-{last[5:7] if month else '01'}-{last[8:] if day else '01'}"
