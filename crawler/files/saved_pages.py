"""Captures from files with saved pages.

An error's message names what is wrong with a file; the caller adds which file it is.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from archive.errors import UsageError
from archive.records import Capture, current_timestamp
from crawler.files.saved_page_urls import find_saved_url, is_mhtml, read_mhtml_page, unarchive_url

MAX_PAGE_BYTES = 16 * 1024 * 1024
"""Bytes of a page, the limit of a crawl, too."""


def read_page_file(path: Path) -> bytes:
    """Return the bytes of a file, decompressed if it is gzip.

    Raises UsageError for a file that cannot be read or has more than `MAX_PAGE_BYTES` bytes.
    """
    try:
        with path.open("rb") as file:
            body = file.read(MAX_PAGE_BYTES + 1)
        if body[:2] == b"\x1f\x8b":
            with gzip.open(path) as file:
                body = file.read(MAX_PAGE_BYTES + 1)
    except IsADirectoryError:
        raise UsageError("is a folder; name the files in it") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot be read ({reason})") from error
    if len(body) > MAX_PAGE_BYTES:
        raise UsageError(f"larger than {MAX_PAGE_BYTES >> 20} MiB, the limit for a page")
    return body


def capture_saved_page(path: Path, url: str | None) -> Capture:
    """Return the capture of a saved page, which may be an MHTML file.

    Without `url`, the capture has the URL that the saving program wrote into the file, otherwise
    the file's own URL until the page names another. The copy of a web archive gets the original
    URL. Raises UsageError if the file cannot be read or is empty.
    """
    body = read_page_file(path)
    if not body.strip():
        raise UsageError("the file is empty")
    content_type = mhtml_url = None
    if is_mhtml(body):
        body, content_type, mhtml_url = read_mhtml_page(body)
    page_url = unarchive_url(url) if url else mhtml_url or find_saved_url(body)
    headers = (("Content-Type", content_type),) if content_type else ()
    return Capture(
        url=page_url or path.absolute().as_uri(),
        body=body,
        headers=headers,
        fetched_at=current_timestamp(),
    )
