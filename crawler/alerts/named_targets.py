"""Targets of alerts by the names that the configuration gives them.

The archive stores the name alone, so that a target's URL can change, and its secrets can stay in
the environment.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from archive.configuration.configuration import load_configuration, resolved_target_url
from archive.errors import DatelineError, UsageError
from crawler.alerts.apprise_sender import SendFunction, target_label
from pipelines.alerts.alert_messages import AlertMessage

TARGET_NAME = re.compile(r"[\w.-]{1,60}")


def is_target_name(target: str) -> bool:
    """Return whether a target is given by its name, and not by its URL."""
    return "://" not in target


def target_url(folder: Path, target: str) -> str:
    """Return the URL of a target that is given by URL or by name.

    Raises UsageError for an unknown name, an invalid configuration, and a missing secret.
    """
    if not is_target_name(target):
        return target
    if not TARGET_NAME.fullmatch(target):  # a mistyped URL, whose secrets must not be repeated
        raise UsageError(
            "a target without :// is not a target that Apprise knows, and no name either"
        )
    targets = load_configuration(folder).targets
    if target not in targets:
        raise UsageError(f"{target}: {_known_targets_note(targets)}")
    try:
        return resolved_target_url(targets[target])
    except UsageError as error:
        raise UsageError(f"{target}: {error}") from None


def _known_targets_note(names: Collection[str]) -> str:
    """Return what to do about an unknown name."""
    known = f"known are {', '.join(sorted(names))}" if names else "there are none yet"
    return (
        "not a target that Apprise knows, nor a name in [notify.targets] of the configuration; "
        + known
    )


def shown_target(target: str) -> str:
    """Return a target for display: its name, or its service and host."""
    return target if is_target_name(target) else target_label(target)


def send_to_target(
    folder: Path, target: str, message: AlertMessage, send: SendFunction
) -> str | None:
    """Send a message to a target that is given by URL or by name; return what failed, or None."""
    try:
        url = target_url(folder, target)
    except DatelineError as error:
        return str(error)
    return send(url, message)
