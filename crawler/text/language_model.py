"""The model that tells languages, unpacked once a machine and then mapped into memory by every
process that needs it.

py3langid brings it compressed: unpacking takes 0.9 s, more than the rest of a reader's start, and
70 MB of memory in each process. Unpacked it lies in the user's cache folder, where it may be
removed at any time. What lies in a folder that is somebody else's, or that others may write in, is
not read.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import py3langid
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
from py3langid.modelio import load_model

from archive.storage.temporary_files import is_ours

PARTS = ("nb_ptc", "nb_pc", "nb_classes", "tk_nextmove", "tk_row", "tk_output")
"""What the package calls the parts of its model, in its order."""


def language_model() -> Any:
    """py3langid's identifier. Where nothing can be kept, it is unpacked for this process alone."""
    try:
        folder = _cache() / f"languages-{py3langid.__version__}"
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_ours(folder.parent) and (folder.is_dir() or _unpack(folder)) and is_ours(folder):
            return _mapped(folder)
    # no room, no right to write, a damaged file, no home
    except (OSError, ValueError, RuntimeError):
        pass
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _cache() -> Path:
    """Where what can be made anew is kept (XDG Base Directory Specification). Raises RuntimeError
    without a home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dateline"


def _unpack(folder: Path) -> bool:
    """Always true. Written aside and then put into its place, as others may look for it at the same
    moment."""
    with TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as aside:
        whole = Path(aside) / folder.name
        whole.mkdir(mode=0o700)
        for name, part in zip(PARTS, load_model(MODEL_DIR / MODEL_FILE), strict=True):
            np.save(whole / f"{name}.npy", np.asarray(part), allow_pickle=False)
        try:
            whole.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return True


def _mapped(folder: Path) -> Any:
    parts = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in PARTS
    }
    # Numbers that are looked up one by one: from an array, numpy would make an object of each.
    plain = {
        "nb_classes": parts["nb_classes"].tolist(),
        # the large one of them; a list would not stay on the disk
        "tk_nextmove": memoryview(parts["tk_nextmove"]),
        "tk_row": parts["tk_row"].tolist(),
        "tk_output": parts["tk_output"].tolist(),
    }
    return LanguageIdentifier(**(parts | plain), norm_probs=True)
