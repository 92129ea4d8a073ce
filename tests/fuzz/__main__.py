"""`make fuzz`: look for what breaks the readers, for some minutes.

First the properties of the tests, with many more examples than `make test` tries. Then mutated
pages through the extraction, each in a process that may crash or hang. What is found is printed and
its smallest input kept in `.fuzz/`. `--seed` and `--case` bring a page back.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

from archive.errors import ReadingError
from archive.records import Capture
from crawler.workers.pool import Worker
from demo.outlets import load_world
from demo.web import answer
from tests.fuzz.extraction import CPU_SECONDS, broken_promises
from tests.fuzz.mutations import mutated
from tests.paths import ROOT

FOUND = ROOT / ".fuzz"
URL = "https://harbour.example/news/00001-ferry"
TYPES = (
    None,
    "text/html",
    "text/html; charset=utf-8",
    "text/html; charset=iso-8859-1",
    "text/html; charset=euc-kr",
    "x",
)
SMALLER_SECONDS = 20.0
WALL_SECONDS = 120.0
"""For a page on a busy machine; what counts is `CPU_SECONDS`."""


@dataclass
class Findings:
    """What was found, each kind once, with how often."""

    folder: Path
    kinds: dict[str, int] = field(default_factory=dict)

    def note(self, what: str, capture: Capture, number: int, smaller: Callable[[], bytes]) -> None:
        """A kind is a sentence without its figures and quotations."""
        kind = re.sub(r"'.*'|\".*\"|\d+(\.\d+)?", "…", what)[:100]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if self.kinds[kind] > 1:
            return
        body = smaller()
        self.folder.mkdir(exist_ok=True)
        file = self.folder / f"{sha256(body).hexdigest()[:12]}.html"
        file.write_bytes(body)
        kept = f"{len(body):,} of {len(capture.body):,} bytes in {file}"
        print(
            f"case {number}: {what[:300]}\n  {capture.header('Content-Type')}; {kept}", flush=True
        )


def pages() -> list[bytes]:
    """Pages to begin with: those of the tests, of the invented news web, and captured ones where
    they lie beside."""
    world = load_world(ROOT / "demo" / "world")
    ours = [
        answer(outlet, page.path, world.now).body
        for outlet in world.outlets
        for page in outlet.pages
    ]
    saved = [path.read_bytes() for path in sorted((ROOT / "tests" / "pages").glob("*.html"))]
    captured = sorted((ROOT.parent / "shared" / "corpus" / "dev" / "pages").rglob("*.html*"))
    chosen = Random(1).sample(captured, min(len(captured), 300))
    return [body for body in ours + saved + list(map(_read, chosen)) if body.strip()]


def _read(path: Path) -> bytes:
    import gzip

    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def case(seed: int, number: int, known: list[bytes]) -> Capture:
    """The same page for the same seed and number."""
    chance = Random(f"{seed}-{number}")
    body = mutated(chance, chance.choice(known), chance.choice(known))
    kind = chance.choice(TYPES)
    headers = (("Content-Type", kind),) if kind else ()
    return Capture(URL, body, headers=headers, fetched_at="2026-03-22T12:00:00Z")


def findings_of(capture: Capture, worker: Worker) -> Iterator[str]:
    """What is wrong with the reading of a page."""
    before = worker.cpu_seconds
    try:
        article = worker.read_article(capture, WALL_SECONDS)
    except ReadingError as error:
        yield str(error).removeprefix(f"{capture.url}: ")
        return
    if (seconds := worker.cpu_seconds - before) > CPU_SECONDS:
        yield f"reading took {seconds:.1f} CPU seconds for {len(capture.body):,} bytes"
    try:
        yield from broken_promises(capture, article)
    except Exception as error:  # whatever it is, it is a finding
        yield f"the stages failed: {type(error).__name__}: {error}"


def smaller(capture: Capture, is_bad: Callable[[Capture], bool]) -> bytes:
    """The page without what is not needed to be bad, as far as that is found in some seconds."""
    body, size, until = capture.body, len(capture.body) // 2, time.monotonic() + SMALLER_SECONDS
    while size and time.monotonic() < until:
        at = 0
        while at < len(body) and time.monotonic() < until:
            tried = body[:at] + body[at + size :]
            if is_bad(
                Capture(capture.url, tried, headers=capture.headers, fetched_at=capture.fetched_at)
            ):
                body = tried
            else:
                at += size
        size //= 2
    return body


def mutate(seed: int, numbers: Iterator[int], until: float) -> Findings:
    """Read mutated pages until the time is over."""
    known, found, tried = pages(), Findings(FOUND), 0
    with closing(Worker()) as worker:
        for number in numbers:
            if time.monotonic() > until:
                break
            capture, tried = case(seed, number, known), tried + 1
            for what in findings_of(capture, worker):
                same = what.split(":")[0][:40]

                def is_bad(other: Capture, same: str = same) -> bool:
                    return any(told.startswith(same) for told in findings_of(other, worker))

                found.note(
                    what,
                    capture,
                    number,
                    lambda capture=capture, is_bad=is_bad: smaller(capture, is_bad),
                )  # type: ignore[misc]
    print(
        f"{tried:,} mutated pages of {len(known)}, seed {seed}: {sum(found.kinds.values()):,} findings"
    )
    for kind, many in sorted(found.kinds.items(), key=lambda item: -item[1]):
        print(f"  {many:>6,} × {kind}")
    return found


def properties(seed: int, seconds: float) -> int:
    """The tests that hypothesis drives, with many examples; they end at the latest when the time is
    over."""
    words = [
        "-m",
        "hypothesis",
        "--hypothesis-profile",
        "fuzz",
        f"--hypothesis-seed={seed}",
        "-p",
        "no:cacheprovider",
    ]
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *words, "--timeout", "0", "tests"],
            cwd=ROOT,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(
            f"the properties were stopped after {seconds:.0f} s; no finding was printed so far, or it stands above"
        )
        return 0
    return ran.returncode


def main() -> int:
    """0 where nothing was found."""
    asked = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    asked.add_argument("--minutes", type=float, default=5.0, help="in all (5)")
    asked.add_argument("--seed", type=int, default=None, help="of all chance; another at every run")
    asked.add_argument("--case", type=int, default=None, help="this mutated page alone")
    asked.add_argument(
        "--pages-only", action="store_true", help="mutated pages, without the properties"
    )
    words = asked.parse_args()
    seed = Random().randrange(10**6) if words.seed is None else words.seed
    until = time.monotonic() + words.minutes * 60
    if words.case is not None:
        return bool(mutate(seed, iter([words.case]), until).kinds)
    failed = 0 if words.pages_only else properties(seed, words.minutes * 30)
    found = mutate(seed, iter(range(10**9)), until)
    return int(bool(failed or found.kinds))


if __name__ == "__main__":
    sys.exit(main())
