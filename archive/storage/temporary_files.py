"""Where files may lie for a moment: in a folder in which no stranger can put something of his in
their place."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.errors import DatelineError

NONE = (
    "no folder for temporary files can be used: it is not there, full, not ours to write, or others may exchange what "
    "lies in it; name one of your own in TMPDIR"
)


def temporary_folder(longest: int = 4096) -> Path:
    """TMPDIR, or what stands in for it; its path has `longest` bytes at most. Raises DatelineError
    if there is none."""
    for folder in _candidates():
        if (
            len(os.fsencode(folder)) <= longest
            and is_safe(folder)
            and os.access(folder, os.W_OK | os.X_OK)
        ):
            return folder
    raise DatelineError(NONE)


def _candidates() -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield Path(tempfile.gettempdir())  # it tries whether a file can be written
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime).absolute()
    yield from (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  whether they are safe is looked at


@contextmanager
def told_if_full() -> Iterator[None]:
    """What cannot be written in the folder for temporary files is told in one line. Raises
    DatelineError."""
    try:
        yield
    except OSError as error:
        why = f"the folder for temporary files cannot be written ({error.strerror})"
        raise DatelineError(f"{why}; make room there, or name another one in TMPDIR") from error


def is_safe(folder: Path) -> bool:
    """Whether only we and the system's own user can rename and remove what we put there, on all of
    its path."""
    real = Path(os.path.realpath(folder))
    try:
        return all(_is_kept(each) for each in (real, *real.parents))
    except OSError:
        return False


def is_ours(folder: Path) -> bool:
    """Whether it is a folder, no link, of our own, and nobody else may write in it."""
    found = folder.lstat()
    return (
        stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
    )


def _is_kept(folder: Path) -> bool:
    found = folder.stat()
    # who owns the root may be called otherwise in a container
    trusted = {0, os.geteuid(), Path("/").stat().st_uid}
    others_write = found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
    return found.st_uid in trusted and not others_write
