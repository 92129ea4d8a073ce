"""`dateline` on a machine whose names lead to loopback addresses, for what goes without a proxy.

    python -m tests.names courier.example=127.0.0.1 rebound.example=127.0.0.1,127.0.0.2 -- crawl
    http://…

A name with several addresses leads to them in turn, one each time that it is looked up, and to the
last of them from then on; `127.0.0.1+127.0.0.2` are both found at once. Scrapy does not remember
them. Names that are not given lead nowhere, so nothing leaves this machine.
"""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Sequence
from typing import Any

LOOK_UP = socket.getaddrinfo


def known(names: dict[str, list[str]]) -> Any:
    """`getaddrinfo` on that machine."""

    def getaddrinfo(host: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in names:
            found = names[name]
            addresses = (found.pop(0) if len(found) > 1 else found[0]).split("+")
            return [each for address in addresses for each in LOOK_UP(address, *more, **named)]
        if re.search("[g-wyz]", name):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return LOOK_UP(host, *more, **named)

    return getaddrinfo


def lead(pairs: Sequence[str]) -> None:
    """Be on that machine, whatever of Twisted is imported already: it keeps the function that it
    finds."""
    there = known(
        {
            name: addresses.split(",")
            for name, _, addresses in (pair.partition("=") for pair in pairs)
        }
    )
    socket.getaddrinfo = there
    import scrapy.resolver
    from twisted.internet import _resolver

    _resolver.getaddrinfo = there
    made = _resolver.GAIResolver.__init__
    made.__defaults__ = tuple(
        there if default is LOOK_UP else default for default in made.__defaults__ or ()
    )
    scrapy.resolver._CachingResolutionReceiver.resolutionComplete = lambda receiver: (
        receiver.resolutionReceiver.resolutionComplete()
    )


if __name__ == "__main__":
    given, words = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
    lead(given)
    sys.argv = ["dateline", *words]
    from crawler.cli import main

    sys.exit(main())
