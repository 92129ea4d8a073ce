"""Definition of an archive that keeps pages for others: requests to send, answers. No network access.

    page ─▶ capture_request ─▶ (sent elsewhere) ─▶ read_capture ─▶ a job ─▶ status_request ─▶
    read_status ─▶ the snapshot, or what failed

Reading never raises, whatever the service sends.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

AnswerState = Literal["pending", "done", "failed", "refused", "busy"]
"""`pending`: it works on the page · `done`: it keeps the page · `failed`: to be tried again later ·
`refused`: not to be tried again · `busy`: the service itself refuses for now."""


@dataclass(frozen=True, slots=True)
class DepositRequest:
    """A request to send."""

    method: Literal["GET", "POST"]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class DepositResponse:
    """The response; without one, `problem` names the reason."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class DepositAnswer:
    """The content of a response."""

    state: AnswerState
    job: str | None = None
    """The service's name for the work, while it is pending."""
    snapshot_url: str | None = None
    snapshot_at: str | None = None
    problem: str | None = None
    """The failure in one line."""
    wait: float | None = None
    """Seconds during which the service is not to be asked."""


@dataclass(frozen=True)
class DepositService(ABC):
    """An archive at the URL `base` that is asked for one page at a time."""

    name: ClassVar[str]
    """The name that a user types."""
    title: ClassVar[str]
    """The name in messages."""

    base: str = ""
    pause_seconds: float = 20.0
    """Seconds between two pages."""
    poll_seconds: float = 5.0
    """Seconds between two questions whether a page is saved."""

    @abstractmethod
    def capture_request(self, url: str) -> DepositRequest:
        """Return the request to save a page."""

    @abstractmethod
    def read_capture(self, response: DepositResponse) -> DepositAnswer:
        """Return the answer to the request to save a page."""

    @abstractmethod
    def status_request(self, job: str) -> DepositRequest:
        """Return the question whether a page is saved."""

    @abstractmethod
    def read_status(self, url: str, job: str, response: DepositResponse) -> DepositAnswer:
        """Return the answer to the question whether a page is saved."""
