"""How this program starts processes: they import nothing from the folder in which it happens to be
called.

Python puts that folder first on its search path when it is started with `-c` or `-m`, as the fork
server and `python -m crawler` are, and where PYTHONPATH has an empty or a relative entry
(`crawler.processes.search_path`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crawler.processes.search_path import entries, is_wanted


def program() -> tuple[str, ...]:
    """The words that call this very `dateline`, wherever they are called."""
    script = Path(sys.executable).parent / "dateline"
    return (str(script),) if script.is_file() else (sys.executable, "-P", "-m", "crawler")


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment, by default ours, in which Python leaves the current folder out of its search
    path."""
    environ = dict(os.environ if given is None else given)
    named = entries(environ.pop("PYTHONPATH", ""))
    folders = [
        str(Path(entry).absolute())
        for entry in named
        if Path(entry).is_absolute() or is_wanted(entry)
    ]
    if folders:
        environ["PYTHONPATH"] = os.pathsep.join(folders)
    return environ | {"PYTHONSAFEPATH": "1"}


@contextmanager
def safe_environment() -> Iterator[None]:
    """Processes that others start for us meanwhile get such an environment: they ask nobody for
    another one."""
    changed = ("PYTHONSAFEPATH", "PYTHONPATH")
    before = {name: os.environ.get(name) for name in changed}
    safe = environment()
    _put({name: safe.get(name) for name in changed})
    try:
        yield
    finally:
        _put(before)


def _put(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
