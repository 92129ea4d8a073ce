"""The hosts of one outlet: with and without `www.`, and its mobile and AMP hosts. Pure."""

from __future__ import annotations

import re

MOBILE_HOST_LABELS = ("m", "amp", "mobile", "mobil", "touch")
"""Labels of hosts that show the same articles in another layout."""
REMOVABLE_HOST_LABELS = ("www", *MOBILE_HOST_LABELS)
TWO_LABEL_SUFFIX = re.compile(
    r"(?:com?|net|org|gov|gob|gouv|edu|ac|or|ne|go|in|web)\.[a-z]{2}(?::\d+)?"
)
"""Public suffixes of two labels: in `m.co.uk`, `m` is a registered name and not a mobile host."""


def bare_host(host: str) -> str:
    """Return a host without `www` and mobile labels: `news.example` for `www.m.news.example`."""
    labels = host.split(".")
    for place in range(len(labels) - 2, -1, -1):
        rest = ".".join(labels[:place] + labels[place + 1 :])
        if (
            labels[place] in REMOVABLE_HOST_LABELS
            and "." in rest
            and not TWO_LABEL_SUFFIX.fullmatch(rest)
        ):
            labels = rest.split(".")
    return ".".join(labels)


def is_mobile_host(host: str) -> bool:
    """Return whether a host is a mobile or AMP host, and not the outlet's main one."""
    return bare_host(host) not in (host, host.removeprefix("www."))


def hosts_of_outlet(host: str) -> tuple[str, ...]:
    """Return all hosts under which the outlet of a host may be stored, the host itself first."""
    bare = bare_host(host)
    labels = bare.split(".")
    places = range(max(1, len(labels) - 1))
    variants = [
        ".".join([*labels[:place], label, *labels[place:]])
        for label in REMOVABLE_HOST_LABELS
        for place in places
    ]
    with_www = (f"www.{variant}" for variant in variants if not variant.startswith("www."))
    return tuple(dict.fromkeys([host, bare, f"www.{bare}", *variants, *with_www]))
