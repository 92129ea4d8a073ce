"""When an alert is sent: at once or daily, not in quiet hours, and when to try again."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from archive.alerts.alert_store import AlertRequest
from pipelines.alerts.alert_requests import parse_clock_time, parse_quiet_hours

FIRST_RETRY_DELAY = timedelta(minutes=5)
MAX_RETRY_DELAY = timedelta(hours=6)


def is_quiet_time(request: AlertRequest, now: datetime) -> bool:
    """Return True in the quiet hours of an alert; their end does not belong to them."""
    if not request.quiet:
        return False
    start, end = parse_quiet_hours(request.quiet)
    clock = now.astimezone(ZoneInfo(request.timezone)).time()
    if start < end:
        return start <= clock < end
    return clock >= start or clock < end


def digest_time_after(found_at: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Return the first moment after `found_at` at which it is a time of day in a zone."""
    local = found_at.astimezone(zone)
    today = datetime.combine(local.date(), at, tzinfo=zone)
    # local times of two days are compared without the zone's change in between
    tomorrow = datetime.combine(local.date() + timedelta(days=1), at, tzinfo=zone)
    return today if today.timestamp() > found_at.timestamp() else tomorrow


def is_item_due(request: AlertRequest, found_at: datetime, now: datetime) -> bool:
    """Return True if news found at a moment is to be sent now, quiet hours aside."""
    if not request.digest_at:
        return True
    zone = ZoneInfo(request.timezone)
    due = digest_time_after(found_at, parse_clock_time(request.digest_at), zone)
    return due.timestamp() <= now.timestamp()


def retry_delay(failures: int) -> timedelta:
    """Return how long to wait after a number of failures in a row: 5 min, doubled up to 6 h."""
    factor: int = 2 ** min(max(failures, 1) - 1, 10)
    return min(FIRST_RETRY_DELAY * factor, MAX_RETRY_DELAY)
