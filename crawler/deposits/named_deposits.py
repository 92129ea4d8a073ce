"""Archives that keep pages, by the names that users type."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from archive.errors import UsageError
from crawler.deposits.deposit_service import DepositService
from crawler.deposits.save_page import (
    ACCESS_KEY_VARIABLE,
    PAUSE_WITH_KEYS_SECONDS,
    SECRET_KEY_VARIABLE,
    SavePage,
)


def named_deposit_services(
    names: str, environ: Mapping[str, str] | None = None
) -> list[DepositService]:
    """Return the archives of a list such as `wayback` or `wayback=http://localhost:8080`.

    Raises UsageError for an unknown one, for a base that is not a URL, and for half of the keys.
    """
    environ = os.environ if environ is None else environ
    pairs = (name.partition("=") for name in names.replace(" ", "").split(",") if name)
    return [_named_service(name, base, environ) for name, _, base in pairs]


def _named_service(name: str, base: str, environ: Mapping[str, str]) -> DepositService:
    """Return the archive of a name, with a user's keys."""
    if name.lower() != SavePage.name:
        raise UsageError(f"unknown archive {name!r} to deposit at; choose from {SavePage.name}")
    if base and not base.startswith(("http://", "https://")):
        raise UsageError(f"{base!r} is not a URL to ask {SavePage.title} at")
    service = SavePage(base=base.rstrip("/")) if base else SavePage()
    keys = environ.get(ACCESS_KEY_VARIABLE, ""), environ.get(SECRET_KEY_VARIABLE, "")
    if not any(keys):
        return service
    if not all(keys):
        raise UsageError(f"{ACCESS_KEY_VARIABLE} and {SECRET_KEY_VARIABLE} go together; set both")
    if not "".join(keys).isascii() or any(map(str.isspace, "".join(keys))):
        raise UsageError(
            f"{ACCESS_KEY_VARIABLE}, {SECRET_KEY_VARIABLE}: not the keys of an account"
        )
    return replace(service, keys=keys, pause_seconds=PAUSE_WITH_KEYS_SECONDS)
