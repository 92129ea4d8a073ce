"""The style sheets and macros of the pages: nothing in them is unused, and no rule stands twice."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import datasette
import pytest

from tests.paths import ROOT

PLUGIN = ROOT / "archive" / "plugin"
STYLES = sorted((PLUGIN / "static").glob("*.css"))
TEMPLATES = {
    path.name: path.read_text("utf-8") for path in sorted((PLUGIN / "templates").glob("*.html"))
}
MACRO_FILES = [name for name in TEMPLATES if name.startswith("_")]
OTHER_VERSIONS_CLASSES = {
    "core",
    "cm-editor",
    "cm-gutters",
    "cm-activeLine",
    "CodeMirror",
    "CodeMirror-gutters",
}
"""Classes of one of the two versions of Datasette."""
DATASETTE = Path(datasette.__file__).parent
CLASS_NAME = r"[A-Za-z_][\w-]*"
CELL_CLASS_PREFIX = "of-"
"""Beginning of the classes of cells, which end in the name of a column."""


def rules(css: str) -> list[tuple[str, str]]:
    """The rules of a style sheet: the conditions and the selector, and the declarations."""
    found: list[tuple[str, str]] = []
    around: list[str] = []
    for prelude, mark in re.findall(r"([^{}]*)([{}])", re.sub(r"/\*.*?\*/", "", css, flags=re.S)):
        text = " ".join(prelude.split())
        if mark == "{":
            around.append(text)
            continue
        if text:
            found.append((" / ".join(around), text))
        around.pop()
    return found


def class_names(css: str) -> set[str]:
    return {
        name
        for selector, _ in rules(css)
        for name in re.findall(rf"\.({CLASS_NAME})", re.sub(r"@[^/]*/", "", selector))
    }


def used_class_names() -> set[str]:
    """The words in the attributes `class` of templates and code, and those that scripts set."""
    code = [path.read_text("utf-8") for path in sorted((ROOT / "archive").rglob("*.py"))]
    scripts = [path.read_text("utf-8") for path in sorted((PLUGIN / "static").glob("*.js"))]
    own = "\n".join([*TEMPLATES.values(), *code])
    attributes = re.findall(r"""class=\\?"((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)""", own)
    attributes = [re.sub(r"\{[{%].*?[}%]\}", _texts_of_tag, text) for text in attributes]
    attributes += re.findall(r"""class(?:Name|List\.\w+)?\W+["'`]([^"'`]*)""", "\n".join(scripts))
    return {name for text in attributes for name in re.findall(CLASS_NAME, text)}


def _texts_of_tag(tag: re.Match[str]) -> str:
    return " ".join(re.findall("""["']([^"']*)["']""", tag[0]))


def datasette_class_names() -> set[str]:
    kinds = (".html", ".css", ".js")
    files = [path for path in DATASETTE.rglob("*") if path.suffix in kinds]
    return {
        name
        for path in files
        for name in re.findall(CLASS_NAME, path.read_text("utf-8", errors="replace"))
    }


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_each_class_of_the_style_sheets_is_used_by_a_page(path: Path) -> None:
    used = used_class_names()
    if path.name == "stock.css":
        used |= datasette_class_names() | OTHER_VERSIONS_CLASSES
    names = class_names(path.read_text("utf-8"))
    assert len(names) > 10
    unused = {name for name in names - used if not name.startswith(CELL_CLASS_PREFIX)}
    assert unused == set()


def test_no_selector_stands_twice() -> None:
    selectors = [selector for path in STYLES for selector, _ in rules(path.read_text("utf-8"))]
    assert [selector for selector, count in Counter(selectors).items() if count > 1] == []


@pytest.mark.parametrize("name", MACRO_FILES)
def test_each_macro_is_used(name: str) -> None:
    macros = re.findall(r"{%-?\s*macro (\w+)\(", TEMPLATES[name])
    assert macros
    called = {
        macro for text in TEMPLATES.values() for macro in re.findall(r"(?<!macro )\b(\w+)\(", text)
    }
    assert [macro for macro in macros if macro not in called] == []
