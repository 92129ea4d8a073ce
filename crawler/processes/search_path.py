"""Keeps the folder in which the program is called out of the path on which Python looks for
modules.

The first thing that is imported, and it imports nothing but what Python itself has loaded by then,
not even `__future__`: everything else would come from that folder.
"""

import os
import sys

# pathlib comes later
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
OURS = os.path.dirname(_PACKAGE)  # noqa: PTH120
"""The folder that holds the package `crawler`."""
INSTALLED = ("site-packages", "dist-packages")


def leave_out_current_folder(started_as_module: bool = False) -> None:
    """Take the current folder out of this process's search path, unless the package itself lies
    there."""
    if started_as_module and not sys.flags.safe_path and not is_wanted(sys.path[0]):
        del sys.path[0]
    given = entries(os.environ.get("PYTHONPATH", ""))
    relative = [entry for entry in given if not os.path.isabs(entry)]  # noqa: PTH117
    unwanted = {"", *(os.path.abspath(entry) for entry in relative)}  # noqa: PTH100
    sys.path[:] = [entry for entry in sys.path if entry not in unwanted or is_wanted(entry)]


def entries(path: str) -> list[str]:
    """Of a PYTHONPATH, where Python reads it."""
    return path.split(os.pathsep) if path and not sys.flags.ignore_environment else []


def is_wanted(entry: str) -> bool:
    """Does a folder hold this package, or the others that are installed?"""
    folder = os.path.abspath(entry)  # noqa: PTH100
    return folder == OURS or os.path.basename(folder) in INSTALLED  # noqa: PTH119
