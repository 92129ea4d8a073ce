"""What can go wrong, as a tree; every message is one line that says what, where and what to do.

DatelineError                exit code 1
├── UsageError               exit code 2    the request itself cannot be meant
├── ArchiveError
│   ├── NewerArchiveError                   written by a newer version of this program
│   └── BusyError            exit code 75   another crawl holds the archive
├── SourceError                             a feed or sitemap that cannot be read
└── ReadingError                            a page that cannot be read
"""

from __future__ import annotations


class DatelineError(Exception):
    """Something that a user can read and act on; never shown with a traceback."""

    exit_code = 1


class UsageError(DatelineError):
    """The request cannot be meant: an address that is none, an age that is none."""

    exit_code = 2


class ArchiveError(DatelineError):
    """The archive cannot be opened, read or written."""


class NewerArchiveError(ArchiveError):
    """The archive was written by a newer version of this program."""


class BusyError(ArchiveError):
    """Another crawl holds the archive."""

    exit_code = 75


class SourceError(DatelineError):
    """A feed or a sitemap that cannot be read; carries its URL in the message."""


class ReadingError(DatelineError):
    """A page that cannot be read; carries its URL in the message."""
