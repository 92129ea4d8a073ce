"""Commands on a terminal: what a person sees there, and answers."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path

from tests.conftest import Dateline
from tests.patience import patient


def on_a_terminal(
    run: Dateline,
    typed: str,
    *words: object,
    term: str = "dumb",
    columns: int = 80,
    folder: Path | None = None,
) -> str:
    """What a command shows on a terminal on which each of its questions gets the same answer."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        run.command(*words),
        env=run.environ() | {"TERM": term},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
    )
    os.close(theirs)
    said, answered = b"", 0
    while True:
        try:
            came = os.read(ours, 4096)
        except OSError:
            break
        if not came:
            break
        said += came
        while answered < said.count(b"[Y/n]"):
            os.write(ours, typed.encode())
            answered += 1
    os.close(ours)
    text = said.decode("utf-8", "replace")
    assert process.wait(timeout=patient(90)) == 0, text
    return text
