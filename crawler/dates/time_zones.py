"""The time zone that stands behind a clock time. Pure.

Whatever is not understood to its end makes the zone unknown: `GMT+7` is no GMT, `GMT/BST` is
neither.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

HOURS: dict[str, float] = {
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
"""Hours east of Greenwich, American names as RFC 5322 (4.3) has them. Left out is what means
another hour in another country: IST in India, Ireland and Israel; AST, GST, SST."""
BY_LANGUAGE: dict[str, dict[str, float]] = {
    "zh": {"cst": 8},
    "he": {"ist": 2},
    "bn": {"bst": 6},
    **{
        language: {"ist": 5.5}
        for language in ("hi", "ta", "te", "mr", "gu", "kn", "ml", "pa", "or", "as")
    },
}
IN_MAIL_ONLY = frozenset({"cst"})
"""Chicago's by the rules of mail, and Shanghai's in what people and programs write there."""
REGIONS = {
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
"""What says whose clock it is, and leaves summer time to the day."""
AMERICAN = ("et", "ct", "mt", "pt")
"""Read in English only: they are words elsewhere."""
FURTHEST = timedelta(hours=14)

_OPENED = r"[\s(\[,]*"
_OFFSET = re.compile(
    rf"{_OPENED}(?P<name>(?:gmt|utc|ut)\s?)?(?P<sign>[+-])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d))?(?![\w:])"
)
_DASHED = re.compile(rf"({_OPENED}(?:gmt|utc))–(?=\d)")
_PLACE = re.compile(rf"{_OPENED}([a-z]{{3,10}}/[a-z_]+(?:/[a-z_]+)?)(?![\w/])")
_NAME = re.compile(rf"{_OPENED}([^\W\d_]{{1,7}})(?![\w/&+±-]|\s[-+–±]\s?\d|\s?/)")
_REGION = re.compile(
    rf"{_OPENED}({'|'.join(map(re.escape, sorted(REGIONS, key=len, reverse=True)))})(?![\w/&+±-]|\s[-+–±]\s?\d|\s?/)"
)
_REST = re.compile(r"\s*(?:$|[\n)\],.;|·•/(\[–—-])")
"""What may follow an offset that no name introduces: nothing that it could be counting."""


def zone_after(text: str, at: datetime, language: str | None = None) -> tzinfo | None:
    """The zone that a folded text begins with, for a clock time `at`; None where it names none, or
    none for sure."""
    text = _DASHED.sub(r"\1-", text)
    if offset := _OFFSET.match(text):
        return _of_offset(offset, text[offset.end() :])
    if place := _PLACE.match(text):
        return _of_place(place[1], at)
    if region := _REGION.match(text):
        if region[1] in AMERICAN and language not in (None, "en"):
            return None
        return _of_place(REGIONS[region[1]], at)
    name = _NAME.match(text)
    if name is None or (
        name[1] in IN_MAIL_ONLY and name[1] not in BY_LANGUAGE.get(language or "", {})
    ):
        return None
    return named(name[1], language)


def named(name: str, language: str | None = None) -> tzinfo | None:
    """The zone of a folded abbreviation."""
    hours = BY_LANGUAGE.get(language or "", {}).get(name, HOURS.get(name))
    return UTC if hours == 0 else None if hours is None else timezone(timedelta(hours=hours))


def _of_offset(found: re.Match[str], rest: str) -> tzinfo | None:
    if not found["name"] and not found["minutes"] and not _REST.match(rest):
        return None
    return offset_zone(found["sign"], found["hours"], found["minutes"])


def offset_zone(sign: str, hours: str, minutes: str | None) -> tzinfo | None:
    """The zone of an offset's digits; None for one that no country has."""
    span = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if span > FURTHEST or int(minutes or 0) % 15:
        return None
    return timezone(-span if sign == "-" else span)


def _of_place(name: str, at: datetime) -> tzinfo | None:
    """The offset of a place at a moment, of the tz database's names in any case."""
    zone = _zone_info(
        "/".join("_".join(map(str.capitalize, part.split("_"))) for part in name.split("/"))
    )
    span = at.replace(tzinfo=zone).utcoffset() if zone else None
    return None if span is None else timezone(span)


@cache
def _zone_info(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # the first is ZoneInfoNotFoundError's kind
        return None
