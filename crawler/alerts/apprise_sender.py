"""Targets by their Apprise URLs: checked, named without anything secret, and sent to."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import unquote

from archive.errors import DatelineError, UsageError
from archive.extensions import usable_extensions
from pipelines.alerts.alert_messages import AlertMessage

TARGET_FORMS_PAGE = "https://appriseit.com/services/"
HOST_NAME_PATTERN = re.compile(
    r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]|(?:[a-z0-9-]+\.)+[a-z]{2,10})(?::\d{1,5})?",
    re.IGNORECASE,
)
"""A host as it may be shown. In the URLs of many services a token is in its place."""
MIN_SECRET_CHARS = 3
"""Parts of a URL below this length are not hidden in messages: they are words such as `to`."""
MAX_ERROR_CHARS = 200

HTTP_LOGGERS = ("urllib3", "requests")
"""Loggers of the libraries by which Apprise sends; they write each request's path."""
NOTIFIER_GROUP = "dateline.notifiers"

SendFunction = Callable[[str, AlertMessage], str | None]
"""Sends a message to a target's URL; returns what failed, or None."""


def target_label(url: str) -> str:
    """Return the service and host of a target: `json://desk.example/…`, `discord://…`."""
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host = authority.rpartition("@")[2]
    if not HOST_NAME_PATTERN.fullmatch(host):
        return f"{scheme.lower()}://…"
    hides_more = host != rest.rstrip("/")
    return f"{scheme.lower()}://{host.lower()}" + ("/…" if hides_more else "")


def check_target_url(url: str) -> None:
    """Raise UsageError, without repeating the URL, if Apprise does not know such a target.

    Raises DatelineError without Apprise.
    """
    if _apprise_target(url) is None:
        raise UsageError(
            f"{target_label(url)}: not a target that Apprise knows; {TARGET_FORMS_PAGE} lists them"
        )


def send_message(url: str, message: AlertMessage) -> str | None:
    """Send a message to a target; return what failed in one line, or None."""
    try:
        target = _apprise_target(url)
    except DatelineError as error:
        return str(error)
    if target is None:
        return "not a target that Apprise knows"
    with _captured_warnings() as warnings:
        try:
            is_sent = target.notify(title=message.title, body=message.body, body_format="text")
        # plugins of Apprise raise whatever the libraries below them raise
        except Exception as error:
            warnings.append(f"{type(error).__name__}: {error}")
            is_sent = False
    if is_sent:
        return None
    reason = " ".join(" ".join(warnings[:2]).split()) or "the service did not take it"
    return without_secrets(reason, url)[:MAX_ERROR_CHARS]


def without_secrets(text: str, url: str) -> str:
    """Return a text in which the parts of a URL are hidden that its label does not show."""
    label = target_label(url)
    rest = url.partition("://")[2]
    pieces = re.split(r"[/?#@:&=,]", rest)
    for piece in sorted({*pieces, *map(unquote, pieces)}, key=len, reverse=True):
        if len(piece) >= MIN_SECRET_CHARS and piece.lower() not in label:
            text = text.replace(piece, "…")
    return text


def accept_notifier(_name: str, found: Any) -> Any:
    """Return what an extension brings: its module has told Apprise of its targets by now."""
    return found


@cache
def load_notifiers() -> None:
    """Import the modules of extensions that add targets to Apprise, once in a process."""
    usable_extensions(NOTIFIER_GROUP, accept_notifier)


def _apprise_target(url: str) -> Any:
    """Return Apprise's object for a URL, or None if it knows no such target.

    Raises DatelineError without Apprise.
    """
    try:
        from apprise import Apprise, AppriseAsset, OverflowMode
    except ImportError:
        raise DatelineError(
            "notifications need Apprise; install it with `pip install apprise`"
        ) from None
    load_notifiers()
    with _captured_warnings():
        asset = AppriseAsset(app_id="Dateline", app_desc="Dateline", async_mode=False)
        target = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if target is not None and "overflow=" not in url.lower():
        target.overflow_mode = OverflowMode.SPLIT
    return target


class _WarningList(logging.Handler):
    """Collects the text of warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def _captured_warnings() -> Iterator[list[str]]:
    """Collect what Apprise logs, and keep it and its HTTP library's words out of every other log.

    Both may name the URL of a target, with its secrets.
    """
    handler = _WarningList()
    kept: list[tuple[logging.Logger, logging.Handler]] = [(logging.getLogger("apprise"), handler)]
    kept += [(logging.getLogger(name), logging.NullHandler()) for name in HTTP_LOGGERS]
    were_propagated = [logger.propagate for logger, _ in kept]
    for logger, own in kept:
        logger.propagate = False
        logger.addHandler(own)
    try:
        yield handler.texts
    finally:
        for (logger, own), was_propagated in zip(kept, were_propagated, strict=True):
            logger.removeHandler(own)
            logger.propagate = was_propagated
