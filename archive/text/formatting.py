"""Formatting of dates, numbers and languages for pages."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from archive.timestamps import DAY_CHARS, local_timestamp, stated_offset

RIGHT_TO_LEFT_LANGUAGES = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}
)

MONTH_ABBREVIATIONS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def direction(language: str | None) -> str:
    """Return the writing direction of a language for HTML; `auto` if the language is unknown."""
    if not language:
        return "auto"
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT_LANGUAGES else "ltr"


def moment(written: str | None) -> str:
    """Return a timestamp as `15 Feb 2024, 10:30 UTC`, as precise as it is known.

    An invalid timestamp is returned unchanged.
    """
    if not written:
        return "undated"
    timestamp = parse_timestamp_as_written(written)
    if timestamp is None:
        return written
    day = f"{timestamp.day} {MONTH_ABBREVIATIONS[timestamp.month - 1]} {timestamp.year}"
    if len(written) <= len("2024-02-15"):
        return day
    zone = " UTC" if timestamp.tzinfo else ""
    return f"{day}, {timestamp:%H:%M}{zone}"


def printed_moment(written: str | None, day: str | None, offset: int | None) -> str:
    """Return a date of publication on the outlet's own clock: `16 Feb 2024, 02:30 UTC+9`.

    `day` is the day as printed, `offset` the minutes of that clock ahead of UTC, both as in
    `articles`. Where only the day differs from the one in UTC: `16 Feb 2024 (15 Feb 2024, 17:30 UTC)`.
    """
    in_utc = moment(written)
    if not written or not day or not written.endswith("Z"):
        return in_utc
    if offset:
        timestamp = local_timestamp(written, offset)
        return f"{moment(timestamp[:DAY_CHARS])}, {timestamp[11:16]} {zone_label(offset)}"
    return in_utc if written.startswith(day) else f"{moment(day)} ({in_utc})"


def modified_moment(written: str | None, raw: str | None, published_offset: int | None) -> str:
    """Return a date of modification on the outlet's own clock: `16 Feb 2024, 02:30 UTC+9`.

    The clock is that which the date as written (`raw`) states, else that of the publication; without
    both the date is in UTC.
    """
    offset = (stated_offset(raw, written) if written else None) or published_offset
    local = local_timestamp(written or "", offset)
    return printed_moment(written, local[:DAY_CHARS], offset)


def zone_label(offset: int) -> str:
    """Return an offset in minutes as `UTC+9`, `UTC−3:30` or `UTC`."""
    if not offset:
        return "UTC"
    hours, minutes = divmod(abs(offset), 60)
    sign = "+" if offset > 0 else "−"
    return f"UTC{sign}{hours}:{minutes:02}" if minutes else f"UTC{sign}{hours}"


def period_label(period: str) -> str:
    """Return a day, month or year in words: `15 Feb 2024`, `Feb 2024`, `2024`.

    Any other text is returned unchanged.
    """
    if len(period) == len("2024-02") and is_calendar_day(f"{period}-01"):
        return f"{MONTH_ABBREVIATIONS[int(period[5:7]) - 1]} {period[:4]}"
    return moment(period) if is_calendar_day(period) else period


def is_calendar_day(text: str) -> bool:
    """Return True for a valid day such as 2024-02-15, unlike 2024-02-31."""
    try:
        return len(text) == len("2024-02-15") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def parse_timestamp_as_written(written: str | None) -> datetime | None:
    """Return a timestamp of the archive, in UTC if it has a zone; None if it is invalid."""
    try:
        timestamp = datetime.fromisoformat(written or "")
    except ValueError:
        return None
    if timestamp.tzinfo in (None, UTC):
        return timestamp
    return timestamp.astimezone(UTC)


def parse_timestamp_as_utc(written: str | None) -> datetime | None:
    """Return a timestamp, taken as UTC if it has no zone; for sorting and charts, not display."""
    timestamp = parse_timestamp_as_written(written)
    if timestamp is None or timestamp.tzinfo:
        return timestamp
    return timestamp.replace(tzinfo=UTC)


def many(number: int, what: str) -> str:
    """Return a number with a noun: `1 outlet`, `2,000 outlets`, `2 fetches`."""
    plural = "es" if what.endswith(("ch", "sh", "s", "x")) else "s"
    return f"{number:,} {what}{'' if number == 1 else plural}"


def duration_text(seconds: float) -> str:
    """Return a duration as people say it: `50 min`, `7 h`, `3 d`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def megabytes(size: int) -> str:
    """Return a number of bytes as `12.3 MB`."""
    return f"{size / 1_000_000:,.1f} MB"


def format_hours(hours: float) -> str:
    """Return a duration given in hours, rounded: `40 min`, `7 h`, `3 d`."""
    if hours >= 48:
        return f"{hours / 24:.0f} d"
    return f"{hours:.0f} h" if hours >= 2 else f"{hours * 60:.0f} min"


def percent(share: float | None) -> str:
    """Return a share as `94 %`, or an empty string for None; only a share of 1 is 100 %."""
    if share is None:
        return ""
    rounded = min(round(share * 100), 99) if share < 1 else 100
    return f"{rounded} %"


def parse_json_texts(listed: str | None) -> list[str]:
    """Return the strings in a JSON list as stored in the archive."""
    found = json.loads(listed or "[]")
    return [str(each) for each in found] if isinstance(found, list) else []


def format_query_string(values: dict[str, str], **changed: str | int | None) -> str:
    """Return a query string `?outlet=…&page=2` of the values with changes, without empty values."""
    all_values = {**values, **changed}
    filled = {name: value for name, value in all_values.items() if value not in (None, "")}
    return "?" + urlencode(filled)


def split_paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, without empty lines."""
    return [line for line in text.split("\n") if line.strip()]
