"""Store a body as the difference from an earlier one: a page hardly changes from day to day.

The earlier body serves as a raw dictionary for zstandard (RFC 8878, section 5; as in `zstd
--patch-from`): repeated passages become references to it. Decompression needs the same body, byte
for byte.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DELTA_ZSTD_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.checksum_flag: 1,
}
"""With the checksum, decompression against a wrong body fails instead of returning wrong bytes."""
MAX_DELTA_SHARE = 0.5
"""Maximum size of a delta, as a share of the body compressed alone, to justify a second read."""
MIN_ZSTD_DICTIONARY_BYTES = 8
"""Minimum size of a zstandard dictionary, in bytes."""


def compress_delta(body: bytes, base: bytes) -> bytes:
    """Return `body` compressed as a delta to `base`."""
    return zstd.compress(body, options=DELTA_ZSTD_OPTIONS, zstd_dict=_zstd_prefix(base))


def decompress_delta(delta: bytes, base: bytes) -> bytes:
    """Return the body of a delta. Raises ZstdError if `base` is not the delta's base."""
    return zstd.decompress(delta, zstd_dict=_zstd_prefix(base))


def is_delta_worthwhile(delta: bytes, alone: bytes) -> bool:
    """Return whether a delta is small enough to be stored instead of the body compressed alone."""
    return len(delta) <= MAX_DELTA_SHARE * len(alone)


def _zstd_prefix(base: bytes) -> tuple[zstd.ZstdDict, int] | None:
    """Return a body as a dictionary, or None if it is too short."""
    return (
        zstd.ZstdDict(base, is_raw=True).as_prefix
        if len(base) >= MIN_ZSTD_DICTIONARY_BYTES
        else None
    )
