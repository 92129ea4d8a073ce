"""A safe folder for temporary files, in which other users cannot replace the files."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.errors import DatelineError

NO_TEMPORARY_FOLDER = (
    "no usable folder for temporary files: it is missing, full, not writable, or other users can "
    "replace files in it; set TMPDIR to a folder of your own"
)


def temporary_folder(longest: int = 4096) -> Path:
    """Return TMPDIR or a substitute, whose path is at most `longest` bytes long.

    Raises DatelineError if no folder is usable.
    """
    for folder in _candidate_folders():
        is_short = len(os.fsencode(folder)) <= longest
        if is_short and is_safe_folder(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise DatelineError(NO_TEMPORARY_FOLDER)


def _candidate_folders() -> Iterator[Path]:
    """The folders to try, best first."""
    with suppress(FileNotFoundError):
        yield Path(tempfile.gettempdir())  # it has tested that a file can be written there
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime).absolute()
    yield from (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  the caller checks that they are safe


@contextmanager
def report_full_folder() -> Iterator[None]:
    """Turn an OSError of writing temporary files into a DatelineError of one line."""
    try:
        yield
    except OSError as error:
        problem = f"the folder for temporary files cannot be written ({error.strerror})"
        raise DatelineError(f"{problem}; make room there, or set TMPDIR to another") from error


def is_safe_folder(folder: Path) -> bool:
    """Return whether only this user and the system's can rename or remove files in the path."""
    real = Path(os.path.realpath(folder))
    try:
        return all(_is_protected_folder(each) for each in (real, *real.parents))
    except OSError:
        return False


def is_own_folder(folder: Path) -> bool:
    """Return whether it is a folder (not a link) owned by this user, writable by no other user."""
    found = folder.lstat()
    return (
        stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
    )


def _is_protected_folder(folder: Path) -> bool:
    """Return whether no untrusted user can rename or remove what this folder contains."""
    found = folder.stat()
    # in a container the owner of the root folder may have another user id than 0
    trusted_users = {0, os.geteuid(), Path("/").stat().st_uid}
    # with the sticky bit, as on /tmp, others may add files but not rename or remove ours
    others_write = found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
    return found.st_uid in trusted_users and not others_write
