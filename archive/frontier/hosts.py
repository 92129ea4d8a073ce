"""The hosts of one outlet: with `www.`, and the twins that it keeps for telephones and for AMP.
Pure."""

from __future__ import annotations

import re

TWINS = ("m", "amp", "mobile", "mobil", "touch")
"""Labels of hosts that show the same articles in another dress."""
LABELS = ("www", *TWINS)
SUFFIX = re.compile(r"(?:com?|net|org|gov|gob|gouv|edu|ac|or|ne|go|in|web)\.[a-z]{2}(?::\d+)?")
"""Under these, somebody registered the label before: `m.co.uk` is no twin."""


def bare_host(host: str) -> str:
    """A host without the labels that only say how it is shown: `news.example` for
    `www.m.news.example`."""
    labels = host.split(".")
    for place in range(len(labels) - 2, -1, -1):
        rest = ".".join(labels[:place] + labels[place + 1 :])
        if labels[place] in LABELS and "." in rest and not SUFFIX.fullmatch(rest):
            labels = rest.split(".")
    return ".".join(labels)


def is_twin_host(host: str) -> bool:
    """Whether a host is one for telephones or for AMP, and not the outlet's proper one."""
    return bare_host(host) not in (host, host.removeprefix("www."))


def hosts_of(host: str) -> tuple[str, ...]:
    """All hosts under which the outlet of a host may be filed, the host itself first."""
    bare = bare_host(host)
    labels = bare.split(".")
    places = range(max(1, len(labels) - 1))
    variants = [
        ".".join([*labels[:place], label, *labels[place:]]) for label in LABELS for place in places
    ]
    both = (f"www.{variant}" for variant in variants if not variant.startswith("www."))
    return tuple(dict.fromkeys([host, bare, f"www.{bare}", *variants, *both]))
