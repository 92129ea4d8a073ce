"""Commands and environments for processes that import nothing from the current folder.

Python puts the current folder first on its search path when it is started with `-c` or `-m`, like
the fork server and `python -m crawler`, and if PYTHONPATH has an empty or a relative entry
(`crawler.processes.search_path`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crawler.processes.search_path import is_package_folder, python_path_entries


def dateline_command() -> tuple[str, ...]:
    """Return the command line of this installation of `dateline`, valid in any folder."""
    script = Path(sys.executable).parent / "dateline"
    return (str(script),) if script.is_file() else (sys.executable, "-P", "-m", "crawler")


def subprocess_environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which Python does not search the current folder.

    It is based on `given`, by default on the environment of this process.
    """
    environ = dict(os.environ if given is None else given)
    named = python_path_entries(environ.pop("PYTHONPATH", ""))
    folders = [
        str(Path(entry).absolute())
        for entry in named
        if Path(entry).is_absolute() or is_package_folder(entry)
    ]
    if folders:
        environ["PYTHONPATH"] = os.pathsep.join(folders)
    return environ | {"PYTHONSAFEPATH": "1"}


@contextmanager
def safe_environment() -> Iterator[None]:
    """Give a safe environment to processes that libraries start within the block.

    Libraries such as multiprocessing pass on this process's environment and accept no other.
    """
    changed = ("PYTHONSAFEPATH", "PYTHONPATH")
    before = {name: os.environ.get(name) for name in changed}
    safe = subprocess_environment()
    _set_variables({name: safe.get(name) for name in changed})
    try:
        yield
    finally:
        _set_variables(before)


def _set_variables(values: Mapping[str, str | None]) -> None:
    """Set variables of the environment, and delete those whose value is None."""
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
