"""The addresses of targets, in a file beside the archive that only its owner can read.

They hold passwords and tokens, and `archive.db` is made to be served and handed on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Container, Mapping
from pathlib import Path

from archive.errors import ArchiveError

TARGET_FILE_NAME = "notify.json"


def read_target_urls(folder: Path) -> dict[int, str]:
    """Return the addresses by the IDs of targets; without the file, none.

    Raises ArchiveError if the file cannot be read.
    """
    file = folder / TARGET_FILE_NAME
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {int(id): str(url) for id, url in found["targets"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # the error itself might repeat a password
        raise ArchiveError(
            f"{file}: cannot be read ({type(error).__name__}); mend it, or remove it and add "
            "the alerts again"
        ) from None


def write_target_urls(folder: Path, urls: Mapping[int, str]) -> None:
    """Replace the file. Raises ArchiveError if it cannot be written."""
    file = folder / TARGET_FILE_NAME
    unfinished = file.with_suffix(".new")
    text = json.dumps({"targets": {str(id): url for id, url in urls.items()}}, indent=2) + "\n"
    try:
        unfinished.unlink(missing_ok=True)
        opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except OSError as error:
        raise ArchiveError(
            f"{file}: cannot be written ({error.strerror}); check the folder"
        ) from error


def forget_target_urls(folder: Path, kept: Container[int]) -> None:
    """Remove the addresses of all targets but those that are kept."""
    urls = read_target_urls(folder)
    left = {id: url for id, url in urls.items() if id in kept}
    if left != urls:
        write_target_urls(folder, left)
