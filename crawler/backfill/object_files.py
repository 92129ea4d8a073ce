"""Files in object stores (s3:// and others) through fsspec, read in blocks.

fsspec comes with the extra `cluster`, and each store with another package: `s3fs` for s3://,
`gcsfs` for gs://. What they need, such as keys and endpoints, they take from where they always do.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from archive.errors import UsageError
from crawler.files.byte_sources import BlockCache, SourceLostError, open_remote_bytes

CHANGE_MARKS = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "mtime", "updated")
"""Names under which stores state what changes with a file, the best first."""


class ObjectFile:
    """A file in an object store; `crawler.files.byte_sources.ByteSource`."""

    def __init__(self, address: str, store: Any, path: str, facts: dict[str, Any]) -> None:
        self.address, self.path = address, path
        self._store = store
        self._size = int(facts["size"])
        marks = (str(facts[name]) for name in CHANGE_MARKS if facts.get(name))
        self._mark = next(marks, "").strip('"')
        self._cache = BlockCache(self, self._size)

    @property
    def name(self) -> str:
        """The address."""
        return self.address

    def size(self) -> int:
        """Return the number of bytes."""
        return self._size

    def version(self) -> str:
        """Return the size, and what the store states to change with the file."""
        return f"{self._size} bytes, {self._mark}"

    def open(self) -> BinaryIO:
        """Return the file, opened at its start."""
        return open_remote_bytes(self._cache)

    def fetch(self, start: int, end: int) -> bytes:
        """Return a part of the file. Raises SourceLostError."""
        try:
            return bytes(self._store.cat_file(self.path, start=start, end=end))
        except Exception as error:  # every store has errors of its own
            raise SourceLostError(_store_error_in_words(error)) from error

    def gives_parts(self) -> bool:
        """Return True."""
        return True

    def expect_end(self, offset: int | None) -> None:
        """Note that hardly anything is read behind an offset."""
        self._cache.expected_end = offset

    def check_readable(self) -> None:
        """Raise SourceLostError if a block could not be fetched."""
        if self._cache.failure:
            raise self._cache.failure


def find_object_files(address: str) -> list[ObjectFile]:
    """Return the files at an address of an object store, which may hold `*`.

    Raises UsageError if the store is not known or cannot be reached, or has no such file.
    """
    scheme = address.partition("://")[0]
    store, path = _open_store(address, {})
    try:
        found = _list_files(store, path)
    except Exception as error:
        if type(error).__name__ != "NoCredentialsError":
            raise UsageError(f"{address}: {_store_error_in_words(error)}") from error
        store, path = _open_store(address, {"anon": True})  # without keys, as a stranger
        try:
            found = _list_files(store, path)
        except Exception as refused:
            raise UsageError(f"{address}: {_store_error_in_words(refused)}") from refused
    if not found:
        raise UsageError(f"{address}: there is no such file")
    return [
        ObjectFile(f"{scheme}://{name.lstrip('/')}", store, name, facts)
        for name, facts in sorted(found.items())
    ]


def _open_store(address: str, options: dict[str, Any]) -> tuple[Any, str]:
    """Return the store of an address and the path in it. Raises UsageError."""
    scheme = address.partition("://")[0]
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UsageError(
            f"{address}: {scheme}:// needs fsspec; `pip install 'dateline[cluster]' s3fs` brings it"
        ) from None
    try:
        store, path = url_to_fs(address, **options)
    except ImportError as error:
        raise UsageError(f"{address}: {_store_error_in_words(error)}") from None
    except ValueError as error:
        raise UsageError(f"{address}: {_store_error_in_words(error)}") from None
    return store, str(path)


def _list_files(store: Any, path: str) -> dict[str, dict[str, Any]]:
    """Return name → facts of the files at a path, which may hold `*`."""
    if any(mark in path for mark in "*?["):
        found = store.glob(path, detail=True)
        return {name: facts for name, facts in found.items() if facts.get("type") == "file"}
    try:
        facts = store.info(path)
    except FileNotFoundError:
        return {}
    return {path: facts} if facts.get("type") == "file" else {}


def _store_error_in_words(error: Exception) -> str:
    """Return what a store's error says, on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
