"""Frames on the pipes between a worker and its fetch process: a length and that many bytes."""

from __future__ import annotations

import struct
from typing import IO

FRAME_LENGTH = struct.Struct(">Q")
MAX_FRAME_BYTES = 256 * 1024 * 1024
"""Bytes beyond which the length of a frame is taken for garbage."""
OVERDUE_REMARK = "it ended itself, as "
"""Beginning of the last line of a process that ended because of its lease or its deadline."""


def write_frame(pipe: IO[bytes], content: bytes) -> None:
    """Write one frame. Raises OSError where the other end is gone."""
    pipe.write(FRAME_LENGTH.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """Wait for the next frame; return None at the end of the pipe, or where a frame is cut off."""
    head = pipe.read(FRAME_LENGTH.size)
    if len(head) < FRAME_LENGTH.size:
        return None
    (length,) = FRAME_LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        return None
    content = pipe.read(length)
    return content if len(content) == length else None
