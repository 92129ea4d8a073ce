"""Removal of the current folder from the path on which Python searches for modules.

This module is imported first. It imports only modules that Python itself has loaded by then, not
even `__future__`: any other import could load a file from the current folder.
"""

import os
import sys

# pathlib is not loaded yet
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
PACKAGE_PARENT_FOLDER = os.path.dirname(_PACKAGE)  # noqa: PTH120
"""The folder that holds the package `crawler`."""
INSTALLED_PACKAGES_FOLDERS = ("site-packages", "dist-packages")
"""Names of the folders in which installed packages lie."""


def leave_out_current_folder(started_as_module: bool = False) -> None:
    """Remove the current folder from this process's search path, unless this package lies there.

    `started_as_module` says that Python runs `python -m`, which puts the folder first on the path.
    """
    if started_as_module and not sys.flags.safe_path and not is_package_folder(sys.path[0]):
        del sys.path[0]
    named = python_path_entries(os.environ.get("PYTHONPATH", ""))
    relative = [entry for entry in named if not os.path.isabs(entry)]  # noqa: PTH117
    unwanted = {"", *(os.path.abspath(entry) for entry in relative)}  # noqa: PTH100
    sys.path[:] = [entry for entry in sys.path if entry not in unwanted or is_package_folder(entry)]


def python_path_entries(path: str) -> list[str]:
    """Return the entries of a PYTHONPATH; none if Python ignores the variable."""
    return path.split(os.pathsep) if path and not sys.flags.ignore_environment else []


def is_package_folder(entry: str) -> bool:
    """Return whether a folder holds this package or the installed ones."""
    folder = os.path.abspath(entry)  # noqa: PTH100
    return folder == PACKAGE_PARENT_FOLDER or os.path.basename(folder) in INSTALLED_PACKAGES_FOLDERS  # noqa: PTH119
