"""The language model, unpacked once per machine and mapped into memory by every process.

py3langid ships the model compressed: unpacking takes 0.9 s, more than the rest of a worker's start,
and 70 MB of memory in each process. The unpacked model lies in the user's cache folder and may be
removed at any time. A folder that belongs to another user, or that others may write to, is not
read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import py3langid
from py3langid import modelio
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
from py3langid.modelio import load_model

from archive.storage.temporary_files import is_own_folder

MODEL_PARTS = ("nb_ptc", "nb_pc", "nb_classes", "tk_nextmove", "tk_row", "tk_output")
"""The names of the parts of py3langid's model, in its order."""


def load_language_model() -> Any:
    """Return py3langid's identifier; without a usable cache, unpack it for this process alone.

    That needs room in the folder for temporary files, or otherwise in memory.
    """
    try:
        folder = _cache_folder() / f"languages-{py3langid.__version__}"
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_own_folder(folder.parent):
            if not folder.is_dir():
                _unpack_model(folder)
            if is_own_folder(folder):
                return _map_model(folder)
    # no space, no permission to write, a damaged file, no home
    except (OSError, ValueError, RuntimeError):
        pass
    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError:
        with _files_in_memory():
            return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


class _MemoryFiles:
    """Stands in for the module `tempfile`: its files are in memory."""

    @staticmethod
    def TemporaryFile(**_: Any) -> BytesIO:  # noqa: N802  its name in the standard library
        """Return an empty file in memory."""
        return BytesIO()


@contextmanager
def _files_in_memory() -> Iterator[None]:
    """Let py3langid unpack its model into memory within the block, not into a temporary file."""
    before, modelio.tempfile = modelio.tempfile, _MemoryFiles
    try:
        yield
    finally:
        modelio.tempfile = before


def _cache_folder() -> Path:
    """Return Dateline's cache folder (XDG Base Directory Specification).

    Raises RuntimeError for a user without a home.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dateline"


def _unpack_model(folder: Path) -> None:
    """Unpack the model into a folder.

    The parts are written to a temporary folder, which is then renamed: another process may look for
    the model at the same time. Raises OSError if they cannot be written.
    """
    with TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as aside:
        complete = Path(aside) / folder.name
        complete.mkdir(mode=0o700)
        for name, part in zip(MODEL_PARTS, load_model(MODEL_DIR / MODEL_FILE), strict=True):
            np.save(complete / f"{name}.npy", np.asarray(part), allow_pickle=False)
        try:
            complete.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process was faster
                raise


def _map_model(folder: Path) -> Any:
    """Return an identifier whose parts are mapped into memory. Raises OSError or ValueError."""
    parts = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        for name in MODEL_PARTS
    }
    # Numbers that are read one by one: numpy would make an object of each number of an array.
    plain = {
        "nb_classes": parts["nb_classes"].tolist(),
        # the large part; a list would copy it from the disk into memory
        "tk_nextmove": memoryview(parts["tk_nextmove"]),
        "tk_row": parts["tk_row"].tolist(),
        "tk_output": parts["tk_output"].tolist(),
    }
    return LanguageIdentifier(**(parts | plain), norm_probs=True)
