"""The files that Datasette gets, each with the name that its database has in the pages' paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.errors import UsageError
from archive.storage.snapshot import archive_snapshot
from archive.storage.temporary_files import report_full_folder, temporary_folder

ONLY_DATABASE = "archive"
"""The database of a site with one archive."""
RESERVED_DATABASES = ("", "-", "_internal", "_memory")
"""Names of databases and pages that Datasette itself has."""
SPECIAL_CHARS_OF_URIS = re.compile("[?#%]")
"""Characters that end or change the path in the URI by which Datasette opens a file."""


def database_names(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the folders by the names of their databases.

    A single one is `archive`; of several, each has the name of its folder, after that of the folder
    around it where two have the same. Raises UsageError for an archive that is named twice.
    """
    if len(folders) == 1:
        return {ONLY_DATABASE: folders[0]}
    real = [folder.resolve() for folder in folders]
    named: dict[str, Path] = {}
    for place, folder in enumerate(real):
        if folder in real[:place]:
            first = folders[real.index(folder)]
            raise UsageError(f"{folders[place]}: the same archive as {first}; name it once")
        name = _shortest_name(folder, real)
        while name in named or name in RESERVED_DATABASES:
            name += "_"
        named[name] = folders[place]
    return named


def _shortest_name(folder: Path, others: Sequence[Path]) -> str:
    """Return the end of a path that tells it apart from the others, with hyphens."""
    others = [other for other in others if other != folder]
    size = 1
    while size < len(folder.parts) and any(
        other.parts[-size:] == folder.parts[-size:] for other in others
    ):
        size += 1
    name = "-".join(part.strip("/") for part in folder.parts[-size:])
    return SPECIAL_CHARS_OF_URIS.sub("_", name)


@contextmanager
def served_files(named: Mapping[str, Path], *, public: bool) -> Iterator[list[Path]]:
    """Yield the files of archives by the names of their databases, or copies for the public.

    Datasette calls a database after its file. So where the name differs, it gets a link.
    """
    with ExitStack() as resources:
        if public:
            copies = [archive_snapshot(folder, name) for name, folder in named.items()]
            yield [resources.enter_context(copy) for copy in copies]
            return
        if list(named) == [ONLY_DATABASE]:
            yield [named[ONLY_DATABASE] / "archive.db"]
            return
        with report_full_folder():
            links = Path(
                resources.enter_context(
                    TemporaryDirectory(prefix="dateline-", dir=temporary_folder())
                )
            )
            for name, folder in named.items():
                (links / f"{name}.db").symlink_to((folder / "archive.db").resolve())
        yield [links / f"{name}.db" for name in named]
