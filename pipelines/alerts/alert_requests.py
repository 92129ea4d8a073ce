"""Requests for alerts as a person types them: `story:NAME`, `search:WORDS`, `changes:KIND`, `outlets`.

Also the changes of articles that each of them reports.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo

from archive.alerts.alert_store import AlertKind, AlertRequest
from archive.errors import UsageError
from archive.queries.search import match_query

SUBJECT_FORMS = "story:NAME, search:WORDS, changes:all, or outlets"
CHANGE_SUBJECTS = {
    "all": "changes",
    "silent": "silent changes",
    "correction": "corrections",
    "headline": "changed headlines",
    "gone": "pages gone",
}
"""The changes that an alert can report, and their names in messages."""
FILTERS_OF_KIND: Mapping[AlertKind, tuple[str, ...]] = {
    "story": ("outlet", "language"),
    "search": ("outlet", "language", "story"),
    "changes": ("outlet", "language", "story"),
    "outlets": ("outlet",),
}
CLOCK_TIME_PATTERN = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d")
DEFAULT_DIGEST_TIME = "08:00"


def parse_alert_subject(text: str) -> tuple[AlertKind, str]:
    """Return the kind of an alert and its subject as typed. Raises UsageError for anything else."""
    kind, _, subject = text.strip().partition(":")
    subject = subject.strip()
    if kind == "outlets" and not subject:
        return "outlets", ""
    if kind == "story" and subject:
        return "story", subject
    if kind == "search" and subject:
        match_query(subject)  # raises UsageError if there is no word to look for
        return "search", subject
    if kind == "changes":
        chosen = {"": "all", "silently": "silent"}.get(subject, subject)
        if chosen in CHANGE_SUBJECTS:
            return "changes", chosen
        raise UsageError(f"changes:{subject}: choose {', '.join(CHANGE_SUBJECTS)}")
    raise UsageError(f"{text!r} is nothing to be notified of; give {SUBJECT_FORMS}")


def checked_alert_request(
    subject: str,
    filters: Mapping[str, str],
    *,
    digest_at: str | None = None,
    quiet: str | None = None,
    timezone: str = "UTC",
) -> AlertRequest:
    """Return the alert that was asked for. Raises UsageError for values that do not fit."""
    kind, named = parse_alert_subject(subject)
    for name in filters:
        if name not in FILTERS_OF_KIND[kind]:
            raise UsageError(f"--{name} does not go with {kind}")
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            f"{timezone!r} is not a time zone; give a name such as Europe/Berlin"
        ) from None
    return AlertRequest(
        kind=kind,
        subject=named,
        filters=dict(filters),
        digest_at=_clock_text(digest_at) if digest_at else None,
        quiet=_quiet_text(quiet) if quiet else None,
        timezone=timezone,
    )


def parse_clock_time(text: str) -> time:
    """Return a time of day, typed as `8:00` or `08:00`. Raises UsageError for anything else."""
    if not CLOCK_TIME_PATTERN.fullmatch(text.strip()):
        raise UsageError(f"{text!r} is not a time of day; try 08:00")
    return datetime.strptime(text.strip(), "%H:%M").time()


def parse_quiet_hours(text: str) -> tuple[time, time]:
    """Return when quiet hours begin and end, typed as `22:00-07:00`. Raises UsageError."""
    start, dash, end = text.replace("–", "-").partition("-")
    if not dash:
        raise UsageError(f"{text!r} are not quiet hours; try 22:00-07:00")
    hours = parse_clock_time(start), parse_clock_time(end)
    if hours[0] == hours[1]:
        raise UsageError(f"{text!r}: quiet hours that end when they begin would never end")
    return hours


def _clock_text(text: str) -> str:
    return f"{parse_clock_time(text):%H:%M}"


def _quiet_text(text: str) -> str:
    start, end = parse_quiet_hours(text)
    return f"{start:%H:%M}-{end:%H:%M}"


def is_change_wanted(subject: str, kinds: Collection[str], is_silent: bool) -> bool:
    """Return True if an alert about changes reports a revision of these `kinds`.

    Mere typography is never reported.
    """
    if set(kinds) <= {"typographic"}:
        return False
    if subject == "all":
        return True
    return is_silent if subject == "silent" else subject in kinds


def alert_title(request: AlertRequest) -> str:
    """Return what an alert is about, in words: `changes of articles at ridge.example`."""
    if request.kind == "story":
        words = f"story {request.subject}"
    elif request.kind == "search":
        words = f"search “{request.subject}”"
    elif request.kind == "changes":
        words = CHANGE_SUBJECTS[request.subject]
    else:
        words = "outlets that fall silent"
    prepositions = {"outlet": "at", "language": "in", "story": "in story"}
    limits = [f"{prepositions[name]} {value}" for name, value in request.filters.items()]
    return " ".join([words, *limits])


def alert_schedule_text(request: AlertRequest) -> str:
    """Return when an alert is sent: `daily at 08:00 Europe/Berlin, not 22:00-07:00`."""
    zone = request.timezone
    when = f"daily at {request.digest_at} {zone}" if request.digest_at else "at once"
    if not request.quiet:
        return when
    return f"{when}, not {request.quiet}" + ("" if request.digest_at else f" {zone}")
