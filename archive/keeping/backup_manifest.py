"""The manifest of a backup: what it holds, when it was taken, and the SHA-256 of each file.

A backup is a folder with `archive.db`, `captures.db`, the small files beside them that cannot be
rebuilt, and `manifest.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archive.errors import ArchiveError
from archive.progress import ProgressReport, ignore_progress

MANIFEST_NAME = "manifest.json"
MANIFEST_FORMAT = 1
DATABASE_NAMES = ("archive.db", "captures.db")
SIDE_FILE_NAMES = ("notify.json", "dateline.toml", "questions.toml")
"""Files beside the databases that people wrote or that hold secrets, and nothing can rebuild."""
HASH_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BackedUpFile:
    """A file of a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """The facts about a backup."""

    archive: str
    """The absolute folder of the archive."""
    taken_at: str
    program: str
    """Name and version of the program that made it."""
    schema: Mapping[str, str]
    """The newest schema step of each database."""
    counts: Mapping[str, int]
    """The rows of its tables, by `file: table`."""
    files: Mapping[str, BackedUpFile]

    @property
    def bytes(self) -> int:
        """The size of all its files."""
        return sum(file.bytes for file in self.files.values())


def write_manifest(folder: Path, manifest: BackupManifest) -> None:
    """Write the manifest into a backup's folder."""
    record = {"format": MANIFEST_FORMAT} | asdict(manifest)
    (folder / MANIFEST_NAME).write_text(
        json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def read_manifest(folder: Path) -> BackupManifest:
    """Read a backup's manifest. Raises ArchiveError if the folder is not a backup."""
    file = folder / MANIFEST_NAME
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["format"] != MANIFEST_FORMAT:
            raise ArchiveError(f"{file}: written by a newer version of dateline; update dateline")
        return _manifest_of_record(record)
    except FileNotFoundError:
        raise ArchiveError(
            f"{folder}: is not a backup, as it has no {MANIFEST_NAME}; "
            "name a folder that `dateline backup` made"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveError(
            f"{file}: cannot be read ({type(error).__name__}); use another backup"
        ) from None


def _manifest_of_record(record: Mapping[str, Any]) -> BackupManifest:
    """Return the manifest in a record. Raises ValueError for a name that leaves the folder."""
    names = [str(name) for name in record["files"]]
    if any(name not in (*DATABASE_NAMES, *SIDE_FILE_NAMES) for name in names):
        raise ValueError("a file that no backup has")
    files = {
        str(name): BackedUpFile(int(file["bytes"]), str(file["sha256"]))
        for name, file in record["files"].items()
    }
    return BackupManifest(
        archive=str(record["archive"]),
        taken_at=str(record["taken_at"]),
        program=str(record["program"]),
        schema={str(name): str(step) for name, step in record["schema"].items()},
        counts={str(name): int(count) for name, count in record["counts"].items()},
        files=files,
    )


def file_sha256(path: Path, report: ProgressReport = ignore_progress) -> str:
    """Return the SHA-256 of a file in hexadecimal; `report` gets the bytes read."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            report(done, None)
    return digest.hexdigest()


def backup_faults(folder: Path, manifest: BackupManifest) -> list[str]:
    """Return what is wrong with a backup, a line for each file; empty if it is intact."""
    faults = []
    for name, expected in manifest.files.items():
        file = folder / name
        if not file.is_file():
            faults.append(f"{name} is missing")
        elif file.stat().st_size != expected.bytes:
            faults.append(f"{name} has {file.stat().st_size:,} bytes instead of {expected.bytes:,}")
        elif file_sha256(file) != expected.sha256:
            faults.append(f"{name} is damaged: its SHA-256 differs from the manifest's")
    return faults
