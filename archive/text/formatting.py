"""How pages write moments, numbers and languages, and how long a value may be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}
)

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def direction(language: str | None) -> str:
    """The reading direction of a language, for HTML; `auto` where the language is not known."""
    if not language:
        return "auto"
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def moment(written: str | None) -> str:
    """`15 Feb 2024, 10:30 UTC`, and no more of it than is known; what is no moment stays as it
    is."""
    if not written:
        return "undated"
    found = parsed(written)
    if found is None:
        return written
    day = f"{found.day} {MONTHS[found.month - 1]} {found.year}"
    if len(written) <= len("2024-02-15"):
        return day
    return f"{day}, {found:%H:%M}" + (" UTC" if found.tzinfo else "")


def parsed(written: str | None) -> datetime | None:
    """A moment as the archive writes it; in UTC if it says so. None for what is none."""
    try:
        found = datetime.fromisoformat(written or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo not in (None, UTC) else found


def as_utc(written: str | None) -> datetime | None:
    """The same, taken for UTC where no zone is known: for sorting, drawing and counting, not for
    telling."""
    found = parsed(written)
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def many(number: int, what: str) -> str:
    """`1 outlet`, `2,000 outlets`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def span(hours: float) -> str:
    """A span of time as people say it: `40 min`, `7 h`, `3 d`."""
    if hours >= 48:
        return f"{hours / 24:.0f} d"
    return f"{hours:.0f} h" if hours >= 2 else f"{hours * 60:.0f} min"


def percent(share: float | None) -> str:
    """`94 %`; nothing where it is not known. Only what is whole is called 100 %."""
    if share is None:
        return ""
    return f"{min(round(share * 100), 99) if share < 1 else 100} %"


def texts(listed: str | None) -> list[str]:
    """A JSON list of texts, as the archive keeps them."""
    found = json.loads(listed or "[]")
    return [str(each) for each in found] if isinstance(found, list) else []


def query(values: dict[str, str], **changed: str | int | None) -> str:
    """`?outlet=…&page=2`: the values with some of them changed, empty ones left out; nothing where
    none is left."""
    kept = {name: value for name, value in {**values, **changed}.items() if value not in (None, "")}
    return "?" + urlencode(kept) if kept else "?"


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text."""
    return [line for line in text.split("\n") if line.strip()]
