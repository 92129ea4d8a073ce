"""The `dateline` command with something held up: `python -m tests.held MODULE:NAME[.NAME] HOW --
crawl …`.

What is named never returns. HOW: `asleep` (in one call of the system), `busy` (in the interpreter),
`writing` (asleep within a write transaction of the connection that it gets), or `locked` (in one call that never
gives the interpreter's lock back). The crawl's grace is half a second, or `HELD_GRACE` of the
environment; the time of one with `--max-time` is up the moment that it is held, so that no test
depends on how fast the machine is.
"""

from __future__ import annotations

import gc
import importlib
import os
import re
import sys
import time
from typing import Any

from crawler.cli.main import main
from crawler.processes import watchdog


def held(how: str) -> Any:
    def never(connection: Any, *_: object, **__: object) -> None:
        if how == "writing":
            connection.execute("BEGIN IMMEDIATE")
        print("held", flush=True)
        if "--max-time" in sys.argv:
            dog = next(each for each in gc.get_objects() if isinstance(each, watchdog.Watchdog))
            dog.deadline = time.monotonic()
            dog._ours.send(b"\0")
            if how == "locked":  # no thread will say so any more
                dog.last_resort.send_end_time(time.monotonic())
        if how == "locked":
            re.match(r"(a|aa)+$", "a" * 100 + "b")
        while True:
            if how != "busy":
                time.sleep(1000)

    return never


if __name__ == "__main__":
    place, how, _, *words = sys.argv[1:]
    module, _, path = place.partition(":")
    *above, name = path.split(".")
    owner = importlib.import_module(module)
    for each in above:
        owner = getattr(owner, each)
    setattr(owner, name, held(how))
    watchdog.STOP_GRACE_SECONDS = float(os.environ.get("HELD_GRACE", "0.5"))
    watchdog.MAX_DEAF_SECONDS = 0.5
    sys.argv[1:] = words
    main()
