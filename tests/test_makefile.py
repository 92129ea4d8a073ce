"""What `make` says to a newcomer is ours from the first line on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.paths import ROOT

PYTHON = """#!/bin/sh
# stands for Python: makes an environment, installs as pip does, with its remarks, and runs the demonstration
case "$*" in
  *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *"--quiet --quiet"*) test -z "$BROKEN" || { echo "ERROR: no such hash" >&2; exit 1; } ;;
  *"pip install"*) echo "WARNING: lxml 6 does not provide the extra 'html_clean'" >&2 ;;
  *"-m demo"*) echo "A small news web runs." ;;
esac
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


def make(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    python = folder / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "demo", f"PYTHON={python}"]
    return subprocess.run(
        command, cwd=folder, env=kept | more, capture_output=True, text=True, check=False
    )


def test_the_demonstration_begins_with_lines_of_its_own(tmp_path):
    told = make(tmp_path)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[0].startswith("Setting up .venv, once")
    assert told.stdout.splitlines()[1:] == ["A small news web runs."]
    assert told.stderr == ""
    assert make(tmp_path).stdout == "A small news web runs.\n"


def test_what_goes_wrong_in_an_installation_is_told(tmp_path):
    told = make(tmp_path, BROKEN="1")
    assert told.returncode != 0
    assert "no such hash" in told.stderr
