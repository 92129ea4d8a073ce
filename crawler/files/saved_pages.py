"""Pages that lie in files: bytes in, captures out. Errors say what is wrong; where, the caller
knows."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from archive.errors import UsageError
from archive.records import Capture, now
from crawler.files.saved_page_urls import is_mhtml, out_of_archive, out_of_mhtml, saved_from

LARGEST = 16 * 1024 * 1024
"""Bytes of a page, as a crawl takes them."""


def read_file(path: Path) -> bytes:
    """The bytes of a file, gunzipped if they are gzip. Raises UsageError where it cannot be
    read."""
    try:
        with path.open("rb") as file:
            body = file.read(LARGEST + 1)
        if body[:2] == b"\x1f\x8b":
            with gzip.open(path) as file:
                body = file.read(LARGEST + 1)
    except IsADirectoryError:
        raise UsageError("is a folder; name the files in it") from None
    except (OSError, EOFError, zlib.error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"cannot be read ({why})") from error
    if len(body) > LARGEST:
        raise UsageError(f"larger than {LARGEST >> 20} MiB, which no page is")
    return body


def saved_capture(path: Path, url: str | None) -> Capture:
    """A saved page as a capture, out of its MHTML if it is one.

    Without a URL its address is what the program wrote into the file that saved it; where none did,
    the file's own stands in for it until the page names one. A copy of a web archive goes by the
    address of the page. Raises UsageError where the file cannot be read or is empty.
    """
    body = read_file(path)
    if not body.strip():
        raise UsageError("the file is empty")
    kind = own = None
    if is_mhtml(body):
        body, kind, own = out_of_mhtml(body)
    address = out_of_archive(url) if url else own or saved_from(body) or path.absolute().as_uri()
    headers = (("Content-Type", kind),) if kind else ()
    return Capture(url=address, body=body, headers=headers, fetched_at=now())
