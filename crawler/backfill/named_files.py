"""The files that a person named: paths, `*` in paths, web addresses, addresses of object stores."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from archive.errors import UsageError
from crawler.backfill.object_files import find_object_files
from crawler.backfill.web_files import WebFile
from crawler.files.byte_sources import ByteSource, LocalFile
from crawler.files.warc_files import is_warc_name

STANDARD_INPUT_NAME = "-"
JSON_LINES_ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
SIZE_REQUESTS_AT_ONCE = 8


@dataclass(frozen=True)
class NamedFile:
    """A file to import."""

    name: str
    """The name for messages."""
    path: Path | None = None
    """The path of a local file; None for standard input and remote files."""
    source: ByteSource | None = None
    """The bytes of a WARC or ARC file, wherever it is."""

    @property
    def address(self) -> str:
        """The absolute path or the address, by which the archive knows the file."""
        return str(self.path.absolute()) if self.path else self.name

    @property
    def is_remote(self) -> bool:
        """True if the file is on another machine, as far as its address shows."""
        return self.source is not None and self.path is None

    @property
    def is_warc(self) -> bool:
        """True for a WARC or ARC file."""
        return self.source is not None

    @property
    def has_many_pages(self) -> bool:
        """True for a WARC file, JSON lines and standard input, False for a saved page."""
        return self.is_warc or self.path is None or is_json_lines_name(self.path)


def is_json_lines_name(path: Path) -> bool:
    """Return whether a file has the name of JSON lines."""
    return path.name.lower().endswith(JSON_LINES_ENDINGS)


def find_named_files(names: Iterable[str]) -> list[NamedFile]:
    """Return the files for what was named, in that order, each once.

    Raises UsageError for an address that cannot be understood or holds no file.
    """
    found: dict[str, NamedFile] = {}
    for name in names:
        for file in _files_of_name(name):
            found.setdefault(file.address, file)
    return list(found.values())


def _files_of_name(name: str) -> Iterator[NamedFile]:
    """Yield the files for one name. Raises UsageError."""
    scheme, is_address, _ = name.partition("://")
    if name == STANDARD_INPUT_NAME:
        yield NamedFile(name)
    elif not is_address:
        yield from _local_files(name)
    elif scheme.lower() == "file":
        yield from _local_files(url2pathname(urlsplit(name).path))
    elif scheme.lower() in ("http", "https"):
        yield _web_file(name)
    else:
        yield from (NamedFile(file.name, source=file) for file in _object_files(name))


def _local_files(name: str) -> Iterator[NamedFile]:
    """Yield the local files for a path, which may hold `*` if there is no such file."""
    path = Path(name)
    if not path.exists() and glob.has_magic(name):
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  of any path
        if not matches:
            raise UsageError(f"{name}: there is no such file")
        paths = [Path(match) for match in matches]
        yield from (_local_file(each) for each in paths if not each.is_dir())
        return
    yield _local_file(path)


def _local_file(path: Path) -> NamedFile:
    """Return a local file, whether it exists or not."""
    return NamedFile(str(path), path, LocalFile(path) if is_warc_name(path) else None)


def _web_file(address: str) -> NamedFile:
    """Return the file at a web address. Raises UsageError."""
    _check_warc_address(address, urlsplit(address).path)
    return NamedFile(address, source=WebFile(address))


def _object_files(address: str) -> list[ByteSource]:
    """Return the files at an address of an object store. Raises UsageError."""
    found = find_object_files(address)
    for file in found:
        _check_warc_address(file.name, file.path)
    return list(found)


def _check_warc_address(address: str, path: str) -> None:
    """Raise UsageError for an address that is not that of a WARC file."""
    if not is_warc_name(Path(PurePosixPath(unquote(path)).name)):
        raise UsageError(
            f"{address}: not the address of a WARC or ARC file; "
            "`dateline crawl URL` fetches a page, and other files have to be here"
        )


def file_sizes(files: Iterable[NamedFile]) -> dict[str, int]:
    """Return address → bytes of the files whose size can be found out."""

    def size_of(file: NamedFile) -> int | None:
        try:
            if file.source is not None:
                return file.source.size()
            return file.path.stat().st_size if file.path else None
        except OSError:  # reported when the file is read
            return None

    chosen = list(files)
    with ThreadPoolExecutor(SIZE_REQUESTS_AT_ONCE) as threads:
        sizes = threads.map(size_of, chosen)
        return {
            file.address: size for file, size in zip(chosen, sizes, strict=True) if size is not None
        }
