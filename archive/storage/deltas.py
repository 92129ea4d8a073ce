"""A body as what it adds to another: the same page a day later is nearly the same bytes.

The other body is a raw dictionary of zstandard (RFC 8878, 5; `zstd --patch-from` works so): what
stands there is pointed to instead of written. To read a delta, the other body is needed, byte for
byte.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.checksum_flag: 1,
}
"""With the checksum, a delta that is read against another body fails instead of giving wrong
bytes."""
PAYS = 0.5
"""A delta is worth a second read where it takes at most this share of what the body takes alone."""
SHORTEST = 8
"""Bytes that zstandard wants of a dictionary."""


def shrink(body: bytes, base: bytes) -> bytes:
    """What `body` adds to `base`, compressed."""
    return zstd.compress(body, options=OPTIONS, zstd_dict=_prefix(base))


def grow(delta: bytes, base: bytes) -> bytes:
    """The body that was shrunk. Raises ZstdError where `base` is not the body that it was shrunk
    by."""
    return zstd.decompress(delta, zstd_dict=_prefix(base))


def pays(delta: bytes, alone: bytes) -> bool:
    """Is a delta so much smaller than the body compressed alone that it should be kept in its
    place?"""
    return len(delta) <= PAYS * len(alone)


def _prefix(base: bytes) -> tuple[zstd.ZstdDict, int] | None:
    return zstd.ZstdDict(base, is_raw=True).as_prefix if len(base) >= SHORTEST else None
