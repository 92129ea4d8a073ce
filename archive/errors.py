"""The errors, as a tree; every message is one line that says what, where and what to do.

DatelineError                exit code 1
├── UsageError               exit code 2    the request itself is invalid
├── ArchiveError
│   ├── NewerArchiveError                   written by a newer version of this program
│   └── BusyError            exit code 75   another crawl holds the archive
├── ClusterError         exit code 69   the cluster cannot be reached, or was lost
│   └── LostWorkersError                    each worker that began a task was lost
├── SourceError                             a feed or sitemap that cannot be read
└── ReadingError                            a page that cannot be read
"""

from __future__ import annotations


class DatelineError(Exception):
    """An error that a user can understand and act on; never shown with a traceback."""

    exit_code = 1


class UsageError(DatelineError):
    """The request is invalid, such as a malformed URL or age."""

    exit_code = 2


class ArchiveError(DatelineError):
    """The archive cannot be opened, read or written."""


class NewerArchiveError(ArchiveError):
    """The archive was written by a newer version of this program."""


class BusyError(ArchiveError):
    """Another crawl holds the archive."""

    exit_code = 75


class ClusterError(DatelineError):
    """The cluster cannot be reached, was lost, or runs other versions."""

    exit_code = 69


class LostWorkersError(ClusterError):
    """A task was given up, as each worker that began it was lost."""


class SourceError(DatelineError):
    """A feed or sitemap cannot be read; the message contains its URL."""


class ReadingError(DatelineError):
    """A page cannot be read; the message contains its URL."""
