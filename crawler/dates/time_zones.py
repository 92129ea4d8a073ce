"""Find the time zone after a clock time. Pure functions.

A zone that is understood only in part is unknown: `GMT+7` is not GMT, and `GMT/BST` is neither.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from archive.timestamps import MAX_ZONE_EAST

ZONE_HOURS: dict[str, float] = {
    **dict.fromkeys(("z", "gmt", "ut", "utc", "wet", "гринвич"), 0),
    **{"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7},
    **{"akst": -9, "akdt": -8, "hst": -10, "ndt": -2.5, "adt": -3, "brt": -3},
    **{
        "bst": 1,
        "west": 1,
        "cet": 1,
        "cest": 2,
        "mez": 1,
        "mesz": 2,
        "eet": 2,
        "eest": 3,
        "msk": 3,
        "мск": 3,
    },
    **{
        "wat": 1,
        "cat": 2,
        "sast": 2,
        "eat": 3,
        "trt": 3,
        "idt": 3,
        "irst": 3.5,
        "pkt": 5,
        "npt": 5.75,
    },
    **{
        "ict": 7,
        "wib": 7,
        "wita": 8,
        "wit": 9,
        "sgt": 8,
        "hkt": 8,
        "myt": 8,
        "pht": 8,
        "awst": 8,
        "jst": 9,
        "kst": 9,
    },
    **{"acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13},
}
"""Hours east of Greenwich. American names are those of RFC 5322 (4.3).

Left out are names with different meanings in different countries: IST (India, Ireland, Israel),
AST, GST, SST."""
ZONE_HOURS_BY_LANGUAGE: dict[str, dict[str, float]] = {
    "zh": {"cst": 8},
    "he": {"ist": 2},
    "bn": {"bst": 6},
    **{
        language: {"ist": 5.5}
        for language in ("hi", "ta", "te", "mr", "gu", "kn", "ml", "pa", "or", "as")
    },
}
"""Hours east of Greenwich of names that are unambiguous in a language."""
ZONES_IN_MAIL_ONLY = frozenset({"cst"})
"""Names that mean Chicago's time by the rules of mail, and Shanghai's in the text of people and
programs there."""
ZONES_OF_REGIONS = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
    "eastern time": "America/New_York",
    "central time": "America/Chicago",
    "mountain time": "America/Denver",
    "pacific time": "America/Los_Angeles",
    "uk time": "Europe/London",
    "london time": "Europe/London",
    "по москве": "Europe/Moscow",
    "по московскому времени": "Europe/Moscow",
    "ora italiana": "Europe/Rome",
    "heure de paris": "Europe/Paris",
    "heure d'ete": "Europe/Paris",
    "hora peninsular": "Europe/Madrid",
    "hora de brasilia": "America/Sao_Paulo",
    "horario de brasilia": "America/Sao_Paulo",
}
"""Names of a region's time, which is summer or winter time depending on the day."""
AMERICAN_ZONES = ("et", "ct", "mt", "pt")
"""Names that count in English texts only, since they are words in other languages."""

_BEFORE_ZONE = r"[\s(\[,]*"
_ZONE_OFFSET = re.compile(
    rf"{_BEFORE_ZONE}(?P<name>(?:gmt|utc|"
    rf"ut)\s?)?(?P<sign>[+-])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d))?(?![\w:])"
)
_OFFSET_WITH_DASH = re.compile(rf"({_BEFORE_ZONE}(?:gmt|utc))–(?=\d)")
_PLACE_OF_TZ_DATABASE = re.compile(rf"{_BEFORE_ZONE}([a-z]{{3,10}}/[a-z_]+(?:/[a-z_]+)?)(?![\w/])")
_ZONE_NAME = re.compile(rf"{_BEFORE_ZONE}([^\W\d_]{{1,7}})(?![\w/&+±-]|\s[-+–±]\s?\d|\s?/)")
_REGION_NAME = re.compile(
    rf"{_BEFORE_ZONE}({'|'.join(map(re.escape, sorted(ZONES_OF_REGIONS, key=len, reverse=True)))})(?![\w/&+±-]|"
    rf"\s[-+–±]\s?\d|\s?/)"
)
_AFTER_OFFSET = re.compile(r"\s*(?:$|[\n)\],.;|·•/(\[–—-])")
"""Text that may follow an offset without a name, so that it cannot be a number of something."""


def time_zone_after(text: str, at: datetime, language: str | None = None) -> tzinfo | None:
    """Return the time zone at the beginning of a folded text, for the clock time `at`.

    None if the text names no zone, or no unambiguous one.
    """
    text = _OFFSET_WITH_DASH.sub(r"\1-", text)
    if offset := _ZONE_OFFSET.match(text):
        return _zone_of_offset_match(offset, text[offset.end() :])
    if place := _PLACE_OF_TZ_DATABASE.match(text):
        return _zone_of_place(place[1], at)
    if region := _REGION_NAME.match(text):
        if region[1] in AMERICAN_ZONES and language not in (None, "en"):
            return None
        return _zone_of_place(ZONES_OF_REGIONS[region[1]], at)
    found = _ZONE_NAME.match(text)
    if found is None:
        return None
    name = found[1]
    if name in ZONES_IN_MAIL_ONLY and name not in ZONE_HOURS_BY_LANGUAGE.get(language or "", {}):
        return None
    return zone_of_abbreviation(name, language)


def zone_of_abbreviation(name: str, language: str | None = None) -> tzinfo | None:
    """Return the time zone of a folded abbreviation, None if it is unknown or ambiguous."""
    hours = ZONE_HOURS_BY_LANGUAGE.get(language or "", {}).get(name, ZONE_HOURS.get(name))
    if hours is None:
        return None
    return UTC if hours == 0 else timezone(timedelta(hours=hours))


def _zone_of_offset_match(found: re.Match[str], rest: str) -> tzinfo | None:
    """The time zone of an offset, None where the digits may mean something else."""
    if not found["name"] and not found["minutes"] and not _AFTER_OFFSET.match(rest):
        return None
    return zone_of_offset(found["sign"], found["hours"], found["minutes"])


def zone_of_offset(sign: str, hours: str, minutes: str | None) -> tzinfo | None:
    """Return the time zone of an offset's digits, None if no country has it."""
    span = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if span > MAX_ZONE_EAST or int(minutes or 0) % 15:
        return None
    return timezone(-span if sign == "-" else span)


def _zone_of_place(name: str, at: datetime) -> tzinfo | None:
    """The offset of a place at a time; the place has a name of the tz database in any case."""
    parts = ("_".join(map(str.capitalize, part.split("_"))) for part in name.split("/"))
    zone = _tz_database_zone("/".join(parts))
    span = at.replace(tzinfo=zone).utcoffset() if zone else None
    return None if span is None else timezone(span)


@cache
def _tz_database_zone(name: str) -> ZoneInfo | None:
    """Return the zone of the tz database with this name, None if it has no such zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # the first is ZoneInfoNotFoundError's kind
        return None
