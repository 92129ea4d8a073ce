"""How this program starts processes, and what they import: nothing from the folder in which it happens to be called.

Python puts that folder first on its search path when it is started with `-c` or `-m`, as the fork server and
`python -m crawler` are, and where PYTHONPATH has an empty or a relative entry. Imports nothing but what Python itself
has loaded by then, as everything else would come from there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH120, PTH100  pathlib is imported later
"""The folder that holds this package."""
INSTALLED = ("site-packages", "dist-packages")


def program() -> tuple[str, ...]:
    """The words that call this very `dateline`, wherever they are called."""
    script = os.path.join(os.path.dirname(sys.executable), "dateline")  # noqa: PTH118, PTH120
    return (script,) if os.path.isfile(script) else (sys.executable, "-P", "-m", "crawler")  # noqa: PTH113


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment, by default ours, in which Python leaves the current folder out of its search path."""
    environ = dict(os.environ if given is None else given)
    folders = [entry for entry in _entries(environ) if os.path.isabs(entry) or _is_wanted(entry)]  # noqa: PTH117
    environ.pop("PYTHONPATH", None)
    if folders:
        environ["PYTHONPATH"] = os.pathsep.join(os.path.abspath(folder) for folder in folders)  # noqa: PTH100
    return environ | {"PYTHONSAFEPATH": "1"}


@contextmanager
def safe_environment() -> Iterator[None]:
    """Processes that others start for us meanwhile get such an environment: they ask nobody for another one."""
    changed = {"PYTHONSAFEPATH", "PYTHONPATH"}
    before = {name: os.environ.get(name) for name in changed}
    safe = environment()
    _put({name: safe.get(name) for name in changed})
    try:
        yield
    finally:
        _put(before)


def leave_out_current_folder(started_as_module: bool = False) -> None:
    """Take the current folder out of this process's search path, unless the package itself lies there."""
    if started_as_module and not sys.flags.safe_path and not _is_wanted(sys.path[0]):
        del sys.path[0]
    from_environment = {os.path.abspath(entry) for entry in _entries(os.environ) if not os.path.isabs(entry)}  # noqa: PTH100, PTH117
    sys.path[:] = [entry for entry in sys.path if entry not in from_environment | {""} or _is_wanted(entry)]


def _entries(environ: Mapping[str, str]) -> list[str]:
    path = "" if sys.flags.ignore_environment else environ.get("PYTHONPATH", "")
    return path.split(os.pathsep) if path else []


def _is_wanted(entry: str) -> bool:
    """Does a folder hold this package, or the others that are installed?"""
    folder = os.path.abspath(entry)  # noqa: PTH100
    return folder == OURS or os.path.basename(folder) in INSTALLED  # noqa: PTH119


def _put(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
