"""Datasette's own files for `dateline serve`: the user's metadata and configuration beside ours.

Datasette 0.65 reads everything as metadata; 1.0 reads descriptions as metadata, and the rest as
configuration. A user's file may be either, whatever the version: both are merged, the user's
descriptions win over the project's, and the configuration that guards the archive over the user's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import UsageError

CONFIGURATION_KEYS = (
    "plugins", "allow", "allow_sql", "permissions", "settings", "queries", "extra_css_urls",
    "extra_js_urls",
)  # fmt: skip
"""Keys at any depth that 1.0 reads as configuration only."""
LIST_SETTINGS = ("questions", "content_security_policy", "open_pages")
"""Settings of the archive's plugin to whose lists the command line adds."""


@dataclass(frozen=True, slots=True)
class DatasetteFiles:
    """The user's files and folders for Datasette."""

    metadata: Path | None = None
    config: Path | None = None
    plugins_dir: Path | None = None
    template_dir: Path | None = None
    static: tuple[str, ...] = ()
    """Folders with files, as `MOUNT:FOLDER`."""

    def arguments(self) -> list[str]:
        """Return Datasette's options for the folders."""
        args = ["--plugins-dir", str(self.plugins_dir)] if self.plugins_dir else []
        args += ["--template-dir", str(self.template_dir)] if self.template_dir else []
        for mount in self.static:
            args += ["--static", mount]
        return args

    def check_folders(self) -> None:
        """Raise UsageError for a static folder that is not given as `MOUNT:FOLDER`, or missing."""
        for mount in self.static:
            name, _, folder = mount.partition(":")
            if not name.strip("/") or not folder:
                raise UsageError(f"--static {mount}: give it as MOUNT:FOLDER, such as maps:./maps")
            if not Path(folder).is_dir():
                raise UsageError(f"--static {mount}: {folder} is not a folder")

    def read(self) -> dict[str, Any]:
        """Return what both files say; raises UsageError if one cannot be read."""
        found: dict[str, Any] = {}
        for option, path in (("--metadata", self.metadata), ("--datasette-config", self.config)):
            if path is not None:
                found = merge_settings(found, _read_datasette_file(option, path))
        return found


def merge_settings(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return both with their tables merged at any depth; of two other values the second wins."""
    merged = dict(first)
    for key, value in second.items():
        before = merged.get(key)
        is_table = isinstance(before, dict) and isinstance(value, dict)
        merged[key] = merge_settings(before, value) if is_table else value  # type: ignore[arg-type]
    return merged


def with_our_settings(users: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """Return the user's settings with ours, which win; lists of the archive's plugin are joined.

    Raises UsageError where the user's have the wrong form.
    """
    plugins = users.get("plugins") or {}
    own = plugins.get("dateline") or {} if isinstance(plugins, dict) else None
    if not isinstance(own, dict):
        raise UsageError("plugins: must be a table with a table for each plugin")
    merged = merge_settings(users, ours)
    settings = merged["plugins"]["dateline"]
    for name in LIST_SETTINGS:
        given = own.get(name) or []
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise UsageError(f"plugins: dateline: {name}: must be a list of texts")
        both = [*texts, *(ours["plugins"]["dateline"].get(name) or [])]
        if both:
            settings[name] = list(dict.fromkeys(both))
    return merged


def metadata_of_settings(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the part of all settings that 1.0 reads as metadata."""
    return {
        key: metadata_of_settings(value) if isinstance(value, dict) else value
        for key, value in whole.items()
        if key not in CONFIGURATION_KEYS
    }


def setting_pairs(whole: dict[str, Any]) -> list[tuple[str, str]]:
    """Return Datasette's settings in a configuration file, as its option `--setting` takes them.

    Raises UsageError if they are not a table.
    """
    settings = whole.get("settings") or {}
    if not isinstance(settings, dict):
        raise UsageError("settings: must be a table of Datasette's settings")
    return [(name, str(value)) for name, value in settings.items()]


def write_settings(whole: dict[str, Any], folder: Path, *, is_next: bool) -> list[str]:
    """Write all settings into `folder`, and return the arguments by which Datasette reads them.

    `is_next` is true for Datasette 1.0.
    """
    rest = {key: value for key, value in whole.items() if key != "settings"}
    metadata = folder / "metadata.json"
    metadata.write_text(json.dumps(metadata_of_settings(rest) if is_next else rest), "utf-8")
    args = ["--metadata", str(metadata)]
    if is_next:
        config = folder / "datasette.json"
        config.write_text(json.dumps(rest), "utf-8")
        args += ["--config", str(config)]
    return args


def _read_datasette_file(option: str, path: Path) -> dict[str, Any]:
    """Return the content of a JSON or YAML file; raises UsageError."""
    from datasette.utils import (  # type: ignore[import-untyped]
        BadMetadataError,
        parse_metadata,
    )

    try:
        found = parse_metadata(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot be read ({error.strerror or error})") from error
    except (BadMetadataError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{option} {path}: neither JSON nor YAML") from error
    if not isinstance(found, dict):
        raise UsageError(f"{option} {path}: not a table of keys and values")
    try:
        json.dumps(found)
    except (TypeError, ValueError) as error:  # YAML has dates, and keys that are no texts
        raise UsageError(f"{option} {path}: has a value that JSON cannot have ({error})") from error
    return found
