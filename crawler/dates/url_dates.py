"""Find the days in the URLs of articles and in the names of sitemaps. Pure functions."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain
from urllib.parse import unquote, urlsplit

_MONTH_NUMBERS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6},
    **{"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12},
}
_MONTH_NAMES_PATTERN = "|".join(_MONTH_NUMBERS)
_DAY_IN_PATH = (
    re.compile(
        rf"/(?P<y>(?:19|20)\d\d)/(?P<m>0?[1-9]|1[0-2]|{_MONTH_NAMES_PATTERN})/(?:(?P<d>0?[1-9]|[12]\d|"
        rf"3[01])(?![^/_.-]))?"
    ),
    re.compile(
        r"(?<!\d)(?P<y>(?:19|20)\d\d)-(?P<m>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"
    ),
    re.compile(r"/(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?=[/_.-]|$)"),
)
"""`/2024/02/15/`, `/2024/feb/15/`, `/2024/02/`; `2024-02-15` anywhere; `/20240215/`."""
_DATE_IN_SITEMAP_NAME = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)"
    r"(?:(?:[-_.]?(?P<m>0[1-9]|1[0-2])(?:[-_.]?(?P<d>0[1-9]|[12]\d|3[01]))?)"
    r"|(?:/(?P<sm>0?[1-9]|1[0-2])(?:/(?P<sd>0?[1-9]|[12]\d|3[01]))?)"
    r"|(?:&mm=(?P<qm>\d\d?)(?:&dd=(?P<qd>\d\d?))?))?(?!\d)"
)
"""A year with or without month and day: `2024`, `2024-02`, `202402`, `/2024/2/`, `2024&mm=2`."""


def latest_day_in_path(url: str) -> str | None:
    """Return the last day that the date in an article's path allows.

    `/2024/02/15/…` gives 2024-02-15, `/2024/02/…` gives 2024-02-29. A year alone is a word of the
    headline, not a date.
    """
    return next(_days_in_path(url, _last_day_allowed), None)


def earliest_day_in_path(url: str) -> str | None:
    """Return the first day that the date in an article's path allows.

    `/2024/02/…` gives 2024-02-01.
    """
    return next(_days_in_path(url, _first_day_allowed), None)


def latest_day_in_name(url: str) -> str | None:
    """Return the last day that a sitemap's name allows.

    `sitemap-2024-02.xml` gives 2024-02-29, `posts-2019.xml` gives 2019-12-31. The latest of several
    dates counts.
    """
    return max(_days_in_name(url, _last_day_allowed), default=None)


def earliest_day_in_name(url: str) -> str | None:
    """Return the first day that a sitemap's name allows.

    `sitemap-2024-02.xml` gives 2024-02-01, `posts-2019.xml` gives 2019-01-01. The earliest of
    several dates counts.
    """
    return min(_days_in_name(url, _first_day_allowed), default=None)


DayBuilder = Callable[[str, str | None, str | None], str | None]
"""Returns the day for the year, month and day in a URL, None if there is no such day."""


def _days_in_path(url: str, day_of: DayBuilder) -> Iterator[str]:
    """The days in the path of a URL."""
    path = _path_and_query(url)[0].lower()
    found = chain.from_iterable(form.finditer(path) for form in _DAY_IN_PATH)
    days = (day_of(match["y"], match["m"], match["d"]) for match in found)
    return (day for day in days if day)


def _days_in_name(url: str, day_of: DayBuilder) -> Iterator[str]:
    """The days in the path and query of a URL."""
    path, query = _path_and_query(url)
    found = _DATE_IN_SITEMAP_NAME.finditer(f"{path}?{query}")
    days = (
        day_of(m["y"], m["m"] or m["sm"] or m["qm"], m["d"] or m["sd"] or m["qd"]) for m in found
    )
    return (day for day in days if day)


def _path_and_query(url: str) -> tuple[str, str]:
    """The path and query of a URL, both empty if it cannot be parsed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return unquote(parts.path), unquote(parts.query)


def _last_day_allowed(year: str, month: str | None, day: str | None) -> str | None:
    """The last day of a year, month or day; None if there is no such day."""
    try:
        number = 12 if month is None else _MONTH_NUMBERS.get(month) or int(month)
        last = int(day) if day else monthrange(int(year), number)[1]
        return date(int(year), number, last).isoformat()
    except ValueError:
        return None


def _first_day_allowed(year: str, month: str | None, day: str | None) -> str | None:
    """The first day of a year, month or day; None if there is no such day."""
    last = _last_day_allowed(year, month, day)
    if last is None or day:
        return last
    return f"{last[:7]}-01" if month else f"{last[:4]}-01-01"
