"""Installs packages with extensions in a folder, as an installer would leave them."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archive.extensions import report_extension_problem
from crawler.alerts.apprise_sender import load_notifiers
from crawler.services import extension_services
from pipelines.extend import extension_stages
from tests.paths import ROOT

GUIDE = ROOT / "docs" / "extending.md"
FILE_BLOCK = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)


def write_guide_files(folder: Path) -> None:
    """Write the files that the guide shows into a folder."""
    for name, text in FILE_BLOCK.findall(GUIDE.read_text("utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def install_package(source: Path) -> None:
    """Leave beside the modules of a package what an installer would write of its entry points."""
    project: dict[str, Any] = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))
    about = project["project"]
    info = source / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n", "utf-8"
    )
    lines = []
    for group, points in about["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")


def forget_extensions() -> None:
    """Let extensions be looked up again in this process."""
    for kept in (extension_stages, extension_services, load_notifiers, report_extension_problem):
        kept.cache_clear()


@contextmanager
def installed(source: Path, modules: str) -> Iterator[None]:
    """Install a package for this process; `modules` is the name of its top package."""
    install_package(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(source))
        forget_extensions()
        try:
            yield
        finally:
            forget_extensions()
            for name in [each for each in sys.modules if each.split(".")[0] == modules]:
                del sys.modules[name]
