"""The private parts of Scrapy and Twisted that the crawler uses are there, and in one module."""

from __future__ import annotations

import ast
import importlib
from importlib.metadata import version
from typing import Any

import pytest

from crawler.network.scrapy_internals import PRIVATE_PARTS
from tests.paths import ROOT


def set_in_init(owner: Any, attribute: str) -> bool:
    """Return whether a class or one of its bases sets an attribute in `__init__` or declares it."""
    for base in owner.__mro__:
        init = vars(base).get("__init__")
        names = init.__code__.co_names if hasattr(init, "__code__") else ()
        if attribute in names or attribute in getattr(base, "__slots__", ()):
            return True
    return False


def exists(name: str) -> bool:
    """Return whether the installed Scrapy and Twisted have what a dotted name refers to."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if hasattr(found, part):
                found = getattr(found, part)
            else:
                return isinstance(found, type) and set_in_init(found, part)
        return True
    return False


@pytest.mark.parametrize("name", PRIVATE_PARTS)
def test_each_private_part_of_scrapy_and_twisted_is_still_there(name):
    library = name.partition(".")[0]
    assert exists(name), (
        f"{library} {version(library)} changed a private part that the crawler uses: {name} is "
        f"gone. It served {PRIVATE_PARTS[name]}; mend crawler/network/scrapy_internals.py, or "
        f"lower the bound of {library} in pyproject.toml."
    )


@pytest.mark.parametrize(
    "gone",
    [
        "scrapy.core.downloader.handlers.http11._NoSuchClass",
        "twisted.web.client.HTTPConnectionPool._no_such_attribute",
        "scrapy.no_such_module._name",
    ],
)
def test_a_private_part_that_is_gone_is_noticed(gone):
    assert not exists(gone)


def private_imports(path: Any) -> list[str]:
    """Return the private names of Scrapy and Twisted that a file imports."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        ours = [name for name in names if name.partition(".")[0] in ("scrapy", "twisted")]
        found += [name for name in ours if "._" in name]
    return found


def test_no_other_module_imports_a_private_name_of_scrapy_or_twisted():
    importing = {
        path.name
        for room in ("crawler", "pipelines", "archive")
        for path in (ROOT / room).rglob("*.py")
        if private_imports(path)
    }
    assert importing == {"scrapy_internals.py"}


def test_the_versions_of_scrapy_and_twisted_are_bounded_from_above():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for library in ("scrapy", "twisted"):
        line = next(line for line in text.splitlines() if line.strip().startswith(f'"{library}>='))
        assert ",<" in line
