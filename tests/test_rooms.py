"""The rule of the rooms: crawler finds, pipelines decides, archive keeps; imports run that way and
never back."""

from __future__ import annotations

import ast
import dataclasses
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from archive import records
from tests.paths import ROOT
from tests.patience import patient

ROOMS = ("archive", "pipelines", "crawler")
"""From the bottom: a room knows itself and those before it."""
OUTSIDE = {"demo", "tests", "bench"}
HEAVY = {"scrapy", "twisted", "trafilatura", "htmldate"}
"""What a server of the archive does without."""
LONGEST = 60
LONGER: dict[str, int] = {}
"""Functions that are longer all the same: `module.function` and how long they may be."""

Import = tuple[str, ast.Import | ast.ImportFrom]


def modules() -> dict[str, Path]:
    """Every module of the rooms by its name; a package stands for its __init__."""
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in files
    }


MODULES = modules()


@cache
def syntax_trees() -> dict[str, ast.Module]:
    """Every module of the rooms, parsed; made by the first test that asks."""
    return {
        name: ast.parse(path.read_text(encoding="utf-8"), str(path))
        for name, path in MODULES.items()
    }


def imported(node: ast.AST) -> list[str]:
    """The modules that a statement imports; `from a.b import c` is a.b.c where that is a module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are written out in full"
        within = [f"{node.module}.{alias.name}" for alias in node.names]
        names = [name if name in MODULES else node.module or "" for name in within]
        return list(dict.fromkeys(names))
    return []


def at_import_time(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: all but the bodies of functions and what only type
    checkers see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from at_import_time(child)


@cache
def imports_everywhere() -> dict[str, list[str]]:
    """What each module imports, also within functions."""
    return {
        name: [module for node in ast.walk(tree) for module in imported(node)]
        for name, tree in syntax_trees().items()
    }


def test_there_are_rooms_to_look_at():
    assert {name.partition(".")[0] for name in MODULES} == set(ROOMS)
    assert all(
        len([name for name in MODULES if name.startswith(f"{room}.")]) >= 5 for room in ROOMS
    )


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_from_itself_and_those_below_and_never_back(room):
    above = {*ROOMS[ROOMS.index(room) + 1 :], *OUTSIDE}
    assert [
        f"{name} imports {module}"
        for name, imports in imports_everywhere().items()
        if name.partition(".")[0] == room
        for module in imports
        if module.partition(".")[0] in above
    ] == []


def test_no_module_of_the_archive_names_what_a_server_does_without():
    named = {
        (name, module)
        for name, imports in imports_everywhere().items()
        if name.partition(".")[0] == "archive"
        for module in imports
        if module.partition(".")[0] in HEAVY
    }
    assert named == set()


def loaded(modules: list[str], heavy: set[str]) -> str:
    """Which of the heavy ones a new process has loaded after it imported these modules."""
    code = "import sys, importlib\n"
    code += "".join(f"importlib.import_module({name!r})\n" for name in modules)
    code += f"print(*sorted({heavy!r} & set(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=patient(60),
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.slow
def test_the_archive_runs_without_scrapy_twisted_and_trafilatura():
    assert loaded([name for name in MODULES if name.partition(".")[0] == "archive"], HEAVY) == ""


def test_a_command_loads_what_it_needs_when_it_runs_and_the_others_do_not_wait_for_it():
    """An HTTP client comes with tldextract; the archive that is written to brings all that judges
    articles."""
    assert (
        loaded(
            ["crawler.cli.main"],
            {*HEAVY, "lxml", "numpy", "requests", "tldextract", "archive.archive"},
        )
        == ""
    )


@pytest.mark.slow
def test_only_the_plugin_loads_datasette():
    """It takes a second, which no command in the terminal should wait for."""
    others = [
        name
        for name in MODULES
        if not name.startswith(("archive.plugin", "crawler.__main__", "crawler.workers.preload"))
    ]
    assert loaded(others, {"datasette"}) == ""


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        name: {
            module
            for node in at_import_time(tree)
            for module in imported(node)
            if module in MODULES
        }
        - {name}
        for name, tree in syntax_trees().items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' → '.join(error.args[1])}")


def test_every_record_is_frozen():
    kinds = [
        kind
        for kind in vars(records).values()
        if isinstance(kind, type) and kind.__module__ == records.__name__
    ]
    assert len(kinds) >= 7
    for kind in kinds:
        assert dataclasses.is_dataclass(kind), kind
        assert kind.__dataclass_params__.frozen, kind


def lengths() -> dict[str, int]:
    """The lines of every function, by where it stands."""
    functions = (
        (f"{name}.{node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for name, tree in syntax_trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return dict(sorted(functions, key=lambda item: item[1]))


@pytest.mark.slow
def test_a_function_fits_a_screen():
    assert {
        name: length for name, length in lengths().items() if length > LONGER.get(name, LONGEST)
    } == {}


def test_an_exception_to_the_length_of_a_function_is_still_one():
    found = lengths()
    assert [name for name in LONGER if found.get(name, 0) <= LONGEST] == []


FLOORS = {
    "crawler": [
        ["cli"], ["jobs", "api"], ["alerts", "deposits"], ["spiders"], ["story_search"], ["session"],
        ["services", "workers"], ["sources"], ["extraction"], ["network"], ["files"],
        ["dates", "text", "processes", "settings", "progress"],
    ],
    "pipelines": [
        ["keep"], ["text_features"], ["policies"], ["stages", "identity", "extend", "complete", "clean"],
        ["topics", "alerts"], ["dedup"], ["scheduling"],
        ["text"], ["urls"], ["url_wrappers", "hosted_sites"],
    ],
    "archive": [
        ["cli"], ["plugin"], ["pages", "api"], ["keeping", "merging"], ["exports", "doctor", "alerts", "deposits"],
        ["removal"], ["queries"], ["archive", "check_writer", "text_features", "rebuilds", "story_policy", "outlet_preview"],
        ["editing"], ["articles"], ["frontier"], ["storage"], ["text", "configuration", "extensions"],
        ["timestamps", "times"], ["records"], ["errors", "progress"],
    ],
}  # fmt: skip
"""The folders and root modules of each room, from the top: an import goes down or stays on its
floor."""
MAX_MODULES = 15
"""In one folder."""


def floor(module: str) -> int:
    room, folder = module.split(".")[:2]
    return next(number for number, names in enumerate(FLOORS[room]) if folder in names)


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_down_the_floors_of_a_room(room):
    inside = {
        name for name in MODULES if name.startswith(f"{room}.") and not name.endswith("__main__")
    }
    assert [
        f"{name} imports {module}"
        for name in sorted(inside)
        for module in imports_everywhere()[name]
        if module in MODULES and module.startswith(f"{room}.") and floor(module) < floor(name)
    ] == []


def test_no_folder_holds_more_modules_than_one_can_see_at_once():
    folders = Counter(path.parent for path in MODULES.values() if path.stem != "__init__")
    assert {str(folder): number for folder, number in folders.items() if number > MAX_MODULES} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_no_two_modules_of_a_room_share_a_name(room):
    names = Counter(path.stem for name, path in MODULES.items() if name.startswith(f"{room}."))
    assert [name for name, number in names.items() if number > 1 and name != "__init__"] == []


def public_names(tree: ast.Module) -> set[str]:
    """The functions, classes and constants that a module defines for others to import."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            stored = [each for target in targets for each in ast.walk(target)]
            names.update(each.id for each in stored if isinstance(each, ast.Name))
    return {name for name in names if not name.startswith("_")}


def test_no_two_modules_define_the_same_name():
    defined = defaultdict(list)
    for module, tree in syntax_trees().items():
        for name in public_names(tree):
            defined[name].append(module)
    assert {name: where for name, where in defined.items() if len(where) > 1} == {}


def test_each_folder_says_in_one_sentence_what_lives_there():
    packages = [name for name, path in MODULES.items() if path.stem == "__init__"]
    sentences = {
        name: (ast.get_docstring(syntax_trees()[name]) or "").split("\n")[0] for name in packages
    }
    assert [
        name for name, text in sentences.items() if not text.endswith(".") or len(text) > 100
    ] == []
