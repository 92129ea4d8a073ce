"""Where the bytes of a file are: on this machine, or elsewhere and fetched in blocks.

The readers of WARC files need a file that can be opened several times and sought in. A local file
can; a remote one is read in blocks of a few MiB, of which the newest stay in memory.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, Protocol, cast

REMOTE_BLOCK_BYTES = 4 * 1024 * 1024
"""Bytes of a remote file that are fetched at once."""
MAX_REMOTE_BLOCKS = 4
"""Blocks of a remote file in memory. A revisit refers to an earlier place, and then reading goes
on."""
LAST_BLOCK_BYTES = 256 * 1024
"""Bytes that are fetched at once behind the expected end: those of a record that goes beyond it."""
REMOTE_BUFFER_BYTES = 64 * 1024


class SourceLostError(OSError):
    """A remote file can no longer be read, or was changed while it was read."""


class ByteSource(Protocol):
    """A file of bytes that can be opened several times."""

    @property
    def name(self) -> str:
        """The path or address, as messages name it."""
        ...

    def open(self) -> BinaryIO:
        """Return the file, opened for reading at its start. Raises OSError."""
        ...

    def size(self) -> int:
        """Return the number of bytes. Raises OSError."""
        ...

    def version(self) -> str:
        """Return a text that differs if the content has changed. Raises OSError."""
        ...

    def check_readable(self) -> None:
        """Raise SourceLostError if reading has failed; libraries may take that for the end."""
        ...

    def gives_parts(self) -> bool:
        """Return whether a part can be read without what is before it. Raises OSError."""
        ...

    def expect_end(self, offset: int | None) -> None:
        """Note that hardly anything is read behind an offset, so that little of it is fetched."""
        ...


class LocalFile:
    """A file on this machine. It counts as changed if its size or time of change differ."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self.path)

    def open(self) -> BinaryIO:
        """Return the file, opened at its start. Raises OSError."""
        return self.path.open("rb")

    def size(self) -> int:
        """Return the number of bytes. Raises OSError."""
        return self.path.stat().st_size

    def version(self) -> str:
        """Return size and time of change. Raises OSError."""
        stat = self.path.stat()
        return f"{stat.st_size} bytes, changed at {stat.st_mtime_ns}"

    def check_readable(self) -> None:
        """Do nothing: whoever reads the file gets its errors."""

    def gives_parts(self) -> bool:
        """Return True."""
        return True

    def expect_end(self, offset: int | None) -> None:
        """Do nothing: no more is read than is asked for."""


def as_byte_source(file: Path | ByteSource) -> ByteSource:
    """Return the file itself, or the local file at a path."""
    return LocalFile(file) if isinstance(file, Path) else file


class BlockStore(Protocol):
    """The place that a remote file is fetched from: HTTP, or an object store."""

    def fetch(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`, fewer at the end. Raises OSError."""
        ...


class BlockCache:
    """The newest blocks of a remote file, for all who have it open."""

    def __init__(self, store: BlockStore, size: int) -> None:
        self.store, self.size = store, size
        self.failure: SourceLostError | None = None
        """The error of a block that could not be fetched."""
        self.expected_end: int | None = None
        self._blocks: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        """Start and end → content."""

    def block_at(self, position: int) -> tuple[int, bytes]:
        """Return the block that holds a position, and where it starts. Raises SourceLostError."""
        is_behind = self.expected_end is not None and position >= self.expected_end
        step = LAST_BLOCK_BYTES if is_behind else REMOTE_BLOCK_BYTES
        start = position - position % step
        end = min(start + step, self.size)
        if (start, end) in self._blocks:
            self._blocks.move_to_end((start, end))
            return start, self._blocks[start, end]
        try:
            block = self.store.fetch(start, end)
            if len(block) != end - start:
                raise SourceLostError(f"ends after {start + len(block):,} of {self.size:,} bytes")
        except OSError as error:
            self.failure = SourceLostError(str(error))
            raise self.failure from error
        self._blocks[start, end] = block
        if len(self._blocks) > MAX_REMOTE_BLOCKS:
            self._blocks.popitem(last=False)
        return start, block


class RemoteBytes(io.RawIOBase):
    """A remote file, opened for reading; it fetches the blocks that are read."""

    def __init__(self, cache: BlockCache) -> None:
        super().__init__()
        self._cache = cache
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._cache.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as the present block goes. Raises SourceLostError."""
        if self._position >= self._cache.size:
            return 0
        start, block = self._cache.block_at(self._position)
        part = block[self._position - start :][: len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)


def open_remote_bytes(cache: BlockCache) -> BinaryIO:
    """Return a remote file, opened at its start and buffered."""
    return cast(BinaryIO, io.BufferedReader(RemoteBytes(cache), REMOTE_BUFFER_BYTES))
