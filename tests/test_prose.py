"""The texts that people read are in plain English; forms of the old dialect may not come back.

The rules are those of CONTRIBUTING.md, “Where code belongs”. `tests/prose_ceilings.toml` says how
many slips each folder may still have; the numbers may only fall. `python -m tests.test_prose`
lowers them to today's counts, and `python -m tests.test_prose FOLDER` lists the slips of one
folder.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.paths import ROOT

CEILINGS = ROOT / "tests" / "prose_ceilings.toml"
CODE = ("archive", "bench", "crawler", "demo", "pipelines")
FORMS = {
    "is none": r"\b(?:is|are|was|were|be) none\b",
    "is no …": r"(?<!\b[Tt]here )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|later\b)[a-z]+",
    "is told": r"\b(?:is|are|was|were|be|been|being) told\b",
    "anew": r"\banew\b",
    "as it came": r"\bas (?:it|they) (?:came|comes?|stands?|stood)\b",
    "nobody, somebody": r"\b(?:no|some)body(?:'s)?\b",
    "parted by": r"\bparted (?:by|at|from|in)\b",
    "so many": r"\b[Ss]o (?:many|much)\b",
    "of its own": r"\bof (?:its|their|our|one's) own\b(?! accord)",
    "left alone": r"\bleft alone\b",
    "a look (for a fetch)": r"\b(?:a|the|one|each|every|next|last|second) looks?\b(?! (?:like|and))",
    "amiss": r"\bamiss\b",
    "went round": r"\b(?:went|goes|going) round\b",
    "cannot be had": r"\b(?:can|could)(?:not| not)? be had\b",
}
"""Name → regular expression; the better words are in the glossary of docs/design.md."""
OPENING = re.compile(r"(?:What|Which|Whether|How|Of)\b(?! to\b)")
"""A docstring begins with an imperative or with the name of the thing returned."""


class Slip(NamedTuple):
    """A place in a text, and the form that it has."""

    place: str
    form: str
    words: str


def slips_in(text: str, place: str) -> Iterator[Slip]:
    """Yield the forms that occur in a text, with some words around each."""
    flat = " ".join(text.split())
    for name, pattern in FORMS.items():
        for found in re.finditer(pattern, flat):
            around = flat[max(0, found.start() - 30) : found.end() + 30]
            yield Slip(place, name, around)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of a module's docstrings, also of names, and of click's help texts."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Expr) and is_text(node.value):
            yield node.lineno, node.value.value  # type: ignore[attr-defined]
        elif isinstance(node, ast.keyword) and node.arg == "help" and is_text(node.value):
            yield node.value.lineno, node.value.value  # type: ignore[attr-defined]


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def slips_of_module(path: Path) -> Iterator[Slip]:
    for line, text in docstrings(path):
        place = f"{path.relative_to(ROOT)}:{line}"
        yield from slips_in(text, place)
        if OPENING.match(text.strip()):
            yield Slip(place, "opening", text.strip()[:60])


def slips_of_template(path: Path) -> Iterator[Slip]:
    bare = re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>", " ", path.read_text("utf-8"), flags=re.DOTALL)
    return slips_in(bare, str(path.relative_to(ROOT)))


def slips_of_document(path: Path) -> Iterator[Slip]:
    prose = re.sub(r"^```.*?^```|`[^`\n]+`", " ", path.read_text("utf-8"), flags=re.M | re.S)
    return slips_in(prose, str(path.relative_to(ROOT)))


READERS = {".py": slips_of_module, ".html": slips_of_template, ".md": slips_of_document}


def texts_to_read() -> dict[str, list[Path]]:
    """Return the modules and templates of each folder of code, and each document."""
    found: dict[str, list[Path]] = {}
    for room in CODE:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in (".py", ".html"):
                found.setdefault(str(path.parent.relative_to(ROOT)), []).append(path)
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]):
        found[str(path.relative_to(ROOT))] = [path]
    return found


TEXTS = texts_to_read()


def slips_of_place(place: str) -> list[Slip]:
    """Return the slips of a folder of code, or of a document."""
    return [slip for path in TEXTS[place] for slip in READERS[path.suffix](path)]


def ceilings() -> dict[str, int]:
    return tomllib.loads(CEILINGS.read_text("utf-8")) if CEILINGS.exists() else {}


@pytest.mark.parametrize("folder", sorted(TEXTS))
def test_a_folder_has_no_more_slips_than_it_may_still_have(folder):
    most, found = ceilings().get(folder, 0), slips_of_place(folder)
    listed = "\n".join(f"{place}: {form}: {words}" for place, form, words in found)
    assert len(found) <= most, f"{len(found)} slips, {most} allowed:\n{listed}"


def test_every_folder_with_an_exception_still_exists():
    assert set(ceilings()) <= set(TEXTS)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("An address that is none is refused.", "is none"),
        ("It is no article.", "is no …"),
        ("The user is told why.", "is told"),
        ("All keys are made anew.", "anew"),
        ("The page as it came.", "as it came"),
        ("A page that nobody named.", "nobody, somebody"),
        ("Words, parted by one space.", "parted by"),
        ("At most so many pages.", "so many"),
        ("Each in a process of its own.", "of its own"),
        ("A site that is left alone.", "left alone"),
        ("The next look decides.", "a look (for a fetch)"),
    ],
)
def test_a_form_of_the_old_dialect_is_found(text, form):
    assert [slip.form for slip in slips_in(text, "here")] == [form]


@pytest.mark.parametrize(
    "text",
    [
        "It is no longer read.",
        "It ends of its own accord.",
        "Raises UsageError if there is no host.",
        "Return the outlets due now, oldest first.",
        "Tell the reader which pages failed.",
    ],
)
def test_plain_english_is_left_as_it_is(text):
    assert list(slips_in(text, "here")) == []


def lower() -> None:
    """Write today's counts where they are lower than the ceilings, or as the first ceilings."""
    known = ceilings()
    counts = {place: len(slips_of_place(place)) for place in TEXTS}
    lowered = {
        name: min(many, known.get(name, 0 if known else many)) for name, many in counts.items()
    }
    lines = [f'"{name}" = {many}\n' for name, many in sorted(lowered.items()) if many]
    head = (
        "# Slips that a folder may still have (tests/test_prose.py). The numbers may only fall.\n"
    )
    CEILINGS.write_text(head + "".join(lines), "utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        slips = slips_of_place(sys.argv[1].rstrip("/"))
        for slip in slips:
            print(*slip, sep=": ")
        print(Counter(slip.form for slip in slips))
    else:
        lower()
