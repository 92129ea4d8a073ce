"""The Wayback Machine's Save Page Now (SPN2): asked for a page, it names a job, then its snapshot.

With keys it answers in JSON, without them the name of the job stands in a web page. The status of a
job is JSON in both cases. A snapshot is at `/web/TIME/URL`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from archive.records import format_utc
from crawler.deposits.deposit_service import (
    DepositAnswer,
    DepositRequest,
    DepositResponse,
    DepositService,
)
from crawler.services.search_service import (
    first_words,
    json_text,
    parse_json_object,
    retry_after_seconds,
)
from crawler.text.html_text import text_of_html

ACCESS_KEY_VARIABLE = "DATELINE_WAYBACK_KEY"
SECRET_KEY_VARIABLE = "DATELINE_WAYBACK_SECRET"  # noqa: S105  its name
PAUSE_WITH_KEYS_SECONDS = 10.0
"""Seconds between two pages with keys: half of the rate that the service allows then."""
RECENT_SNAPSHOT = "1h"
"""A snapshot of this age is taken in place of a new one."""
JOB_NAME = re.compile(r"[A-Za-z0-9_-]{8,100}")
JOB_IN_PAGE = re.compile(rb"watchJob\(\s*[\"']([A-Za-z0-9_-]{8,100})[\"']")
SNAPSHOT_TIME = re.compile(r"(?:199\d|20\d\d)\d{10}")
BUSY_PHRASES = (
    "captures per day", "active sessions", "too many requests", "need to be logged in", "try again later",
)  # fmt: skip
"""Words of messages that concern the service or the user, and not the page."""
REFUSED_PHRASES = ("been excluded", "blocked", "not a valid url")
"""Words of messages on pages that it never saves."""
BUSY_ERRORS = frozenset(("error:user-session-limit", "error:too-many-requests"))
"""Codes of a job that concern the user."""
REFUSED_ERRORS = frozenset((
    "error:blocked-url", "error:filesize-limit", "error:invalid-url-syntax", "error:method-not-allowed",
    "error:not-found", "error:too-many-redirects",
))  # fmt: skip
"""Codes of a job for a page that it will not save later either."""
MAX_REFUSAL_CHARS = 160


@dataclass(frozen=True)
class SavePage(DepositService):
    """The Wayback Machine, with a user's keys or without."""

    name: ClassVar[str] = "wayback"
    title: ClassVar[str] = "the Wayback Machine"

    base: str = "https://web.archive.org"
    keys: tuple[str, str] | None = field(default=None, repr=False)
    """Access key and secret of an account."""

    def capture_request(self, url: str) -> DepositRequest:
        """Return the request to save a page."""
        form = {
            "url": url,
            "if_not_archived_within": RECENT_SNAPSHOT,
            "skip_first_archive": "1",
        }
        return DepositRequest("POST", f"{self.base}/save", self._headers(), form)

    def status_request(self, job: str) -> DepositRequest:
        """Return the question whether a page is saved."""
        return DepositRequest("GET", f"{self.base}/save/status/{job}", self._headers())

    def read_capture(self, response: DepositResponse) -> DepositAnswer:
        """Return the answer to the request to save a page: usually the name of a job."""
        if refusal := self._refusal(response):
            return refusal
        data = parse_json_object(response.body)
        if isinstance(data, str):
            found = JOB_IN_PAGE.search(response.body)
            job = found[1].decode() if found else None
            message = text_of_html(response.body.decode("utf-8", "replace"), 20_000) or data
        else:
            job, message = json_text(data.get("job_id")), json_text(data.get("message")) or ""
        if job and JOB_NAME.fullmatch(job):
            return DepositAnswer("pending", job)
        return self._answer_without_job(message)

    def read_status(self, url: str, job: str, response: DepositResponse) -> DepositAnswer:
        """Return the answer to the question whether a page is saved."""
        if response.status == 404:
            return DepositAnswer("failed", problem="does not know the job any more")
        if refusal := self._refusal(response):
            return refusal
        data = parse_json_object(response.body)
        if isinstance(data, str):
            return DepositAnswer("failed", problem=f"sent {data} in place of a status")
        if data.get("status") == "pending":
            return DepositAnswer("pending", job)
        if data.get("status") == "success":
            return self._snapshot(url, json_text(data.get("timestamp")) or "")
        return _failure_of_job(json_text(data.get("status_ext")), json_text(data.get("message")))

    def _headers(self) -> Mapping[str, str]:
        """Return the headers; keys go to the service alone."""
        headers = {"Accept": "application/json"}
        if self.keys:
            headers["Authorization"] = f"LOW {self.keys[0]}:{self.keys[1]}"
        return headers

    def _refusal(self, response: DepositResponse) -> DepositAnswer | None:
        """Return the answer in a response without success, None for success."""
        if response.problem:
            return DepositAnswer("busy", problem=response.problem)
        status = response.status
        if 200 <= status < 300:
            return None
        said = _problem_text(first_words(response.body, MAX_REFUSAL_CHARS))
        problem = f"answered {status}" + (f" and said: {said}" if said else "")
        if status in (401, 403):
            keys = f"{ACCESS_KEY_VARIABLE} and {SECRET_KEY_VARIABLE}"
            advice = f"check {keys}" if self.keys else f"it may want keys: {keys}"
            return DepositAnswer("busy", problem=f"answered {status}; {advice}")
        if status in (408, 425, 429) or status >= 500:
            return DepositAnswer(
                "busy", problem=problem, wait=retry_after_seconds(response.headers)
            )
        return DepositAnswer("failed", problem=problem)

    def _snapshot(self, url: str, stamp: str) -> DepositAnswer:
        """Return the answer with the snapshot of a page; its URL is made of ours."""
        try:
            if not SNAPSHOT_TIME.fullmatch(stamp):
                raise ValueError
            at = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return DepositAnswer("failed", problem="named no time of the snapshot")
        where = f"{self.base}/web/{stamp}/{url}"
        return DepositAnswer("done", snapshot_url=where, snapshot_at=format_utc(at))

    def _answer_without_job(self, message: str) -> DepositAnswer:
        """Return the answer in a message that names no job."""
        said = message.lower()
        short = _problem_text(message)
        problem = f"said: {short}" if short else "named no job"
        if any(phrase in said for phrase in BUSY_PHRASES):
            return DepositAnswer("busy", problem=problem)
        if any(phrase in said for phrase in REFUSED_PHRASES):
            return DepositAnswer("refused", problem=problem)
        return DepositAnswer("failed", problem=problem)


def _failure_of_job(code: str | None, message: str | None) -> DepositAnswer:
    """Return the answer in a job that failed."""
    problem = f"said: {_problem_text(message or code or 'no reason')}"
    if code in BUSY_ERRORS:
        return DepositAnswer("busy", problem=problem)
    return DepositAnswer("refused" if code in REFUSED_ERRORS else "failed", problem=problem)


def _problem_text(text: str) -> str:
    """Return words of the service on one line."""
    return " ".join(text.split())[:MAX_REFUSAL_CHARS].rstrip(".")
