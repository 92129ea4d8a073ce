"""The Chromium of this machine: where it is, how it is started, and what it may use."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from archive.errors import UsageError

BROWSER_SETTING = "DATELINE_BROWSER"
BROWSER_PATH_SETTING = "DATELINE_BROWSER_PATH"
BROWSER_SANDBOX_SETTING = "DATELINE_BROWSER_SANDBOX"
BROWSER_MODES = ("auto", "rules", "off")
"""`auto`: pages whose scripts bring their text, and pages of outlets whose rules have
`render = true` · `rules`: only the latter · `off`: none."""
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Names under which Chromium is looked for on the path."""

BROWSER_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
"""Memory of all processes of a browser together, beyond which it is ended …"""
BROWSER_PROCESS_MEMORY_BYTES = 1024 * 1024 * 1024
"""… and of the data of each, which the system enforces."""
MAX_SCRIPT_MEMORY_MB = 512
"""Memory of the objects of a page's scripts."""

# playwright adds further flags: no first run, no extensions, no sync, no background networking
CHROMIUM_FLAGS = (
    # names are resolved by our proxy alone; 127.0.0.1 is its address
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--disable-quic",
    # WebRTC would send packets past the proxy
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--deny-permission-prompts",
    "--disable-speech-api",
    "--disable-remote-fonts",
    "--disable-3d-apis",
    "--disable-gpu",
    "--no-pings",
    "--blink-settings=imagesEnabled=false",
    "--autoplay-policy=user-gesture-required",
    "--renderer-process-limit=4",
    f"--js-flags=--max-old-space-size={MAX_SCRIPT_MEMORY_MB}",
)
UNREACHABLE_PROXY = "http://127.0.0.1:9"
"""The proxy of all that belongs to no page: a port without a listener."""
ENVIRONMENT_NAMES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR")
"""Variables of the environment that the browser gets; secrets and proxies are not among them."""
MAX_TEMPORARY_FOLDER_CHARS = 56
"""Length of the path of a folder for temporary files beyond which Chromium does not start: its
socket lies there, whose path may have 107 characters."""


def check_browser_mode(mode: str) -> str:
    """Return the mode, which is one of `BROWSER_MODES`; raises UsageError for another text."""
    if mode not in BROWSER_MODES:
        raise UsageError(f"browser: {mode!r} is none of {', '.join(BROWSER_MODES)}")
    return mode


def find_chromium(path: str | None = None) -> str | None:
    """Return the path of Chromium: the given one, or the first that is found by its name."""
    if path:
        return shutil.which(path)
    found = (shutil.which(name) for name in CHROMIUM_NAMES)
    return next(filter(None, found), None)


def missing_browser_reason(path: str | None = None) -> str | None:
    """Return what is missing to render pages, and how to get it; None if nothing is."""
    if find_spec("playwright") is None:
        return "pip install 'dateline[browser]'"
    if find_chromium(path) is not None:
        return None
    if path:
        return f"{path} (browser_path) is not a program"
    return "install Chromium, or say where it is with browser_path"


def browser_environment() -> dict[str, str]:
    """Return the environment of the browser."""
    given = {name: os.environ[name] for name in ENVIRONMENT_NAMES if name in os.environ}
    if len(given.get("TMPDIR", "")) > MAX_TEMPORARY_FOLDER_CHARS:
        del given["TMPDIR"]
    return given


# -- its processes ---------------------------------------------------------------------------------


def group_processes(group: int) -> Iterator[int]:
    """Yield the processes of a process group; none on systems without /proc."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            # after the name, which may have blanks and brackets: state, parent, group
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            if int(fields[2]) == group:
                yield int(folder.name)


def limit_group_memory(group: int) -> None:
    """Limit the data of each process of a group, and of those that they start.

    Without effect on systems that know no such limit (macOS).
    """
    with suppress(ImportError):
        import resource

        limit = (BROWSER_PROCESS_MEMORY_BYTES, BROWSER_PROCESS_MEMORY_BYTES)
        for process in group_processes(group):
            with suppress(OSError, AttributeError, ValueError):
                resource.prlimit(process, resource.RLIMIT_DATA, limit)


def group_memory_bytes(group: int) -> int:
    """Return the memory that the processes of a group have for themselves."""
    pages = 0
    for process in group_processes(group):
        with suppress(OSError, ValueError, IndexError):
            fields = Path(f"/proc/{process}/statm").read_text("ascii").split()
            pages += int(fields[1]) - int(fields[2])
    return pages * os.sysconf("SC_PAGE_SIZE")


def kill_group(group: int) -> None:
    """End all processes of a group at once."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
