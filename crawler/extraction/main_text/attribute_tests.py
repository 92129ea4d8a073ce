"""XPath expressions that test an element's tag and attributes, evaluated once for each of these.

trafilatura finds the parts of a page by regular expressions on `class` and `id`, which lxml calls
through XPath for every element. Most elements share their attributes with others of the page and of
the outlet. Here such an expression becomes a function of tag and attributes whose results are
remembered. What cannot be translated is left to lxml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lxml.etree import XPath
from lxml.html import HtmlElement

Attributes = Mapping[str, str]
"""Names and values of attributes, in the order of the page."""
ElementTest = Callable[[str, Attributes], bool]
"""A test of an element, given by its tag and attributes."""
AttributeReader = Callable[[Attributes], str | None]
"""The value of an attribute; None where the element has no such attribute."""
XPATH_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*'|\"[^\"]*\")|(?P<attribute>@[\w-]+)|self::(?P<tag>\w+)|"
    r"(?P<name>[a-z]+(?:[:-][a-z]+)?)(?=\s*\(|\s)|(?P<mark>[()\[\]|=,]))"
)
ATTRIBUTE_IN_PATH = re.compile(r"@([\w-]+)")
FIRST_OF_ALL = re.compile(r"\((.*)\)\[1\]", re.S)
"""An expression for the first element that another one finds."""
ONLY_TAGS = re.compile(r"\s*self::\w+(?:\s+or\s+self::\w+)*\s*")
TAG_TEST = re.compile(r"self::(\w+)")
EVERY_TAG = "*"
"""The name by which lxml walks over elements alone, without comments."""
ANY_ELEMENT, FIRST_SIBLING = ".//*", "[1]"
MAX_REMEMBERED_KEYS = 100_000
"""Tags with attributes whose results an expression remembers, over all pages of a process."""


class UntranslatableError(ValueError):
    """A part of an expression tests something else than tag and attributes."""


class TranslatedPath(NamedTuple):
    """The test for which an expression stands."""

    test: ElementTest
    is_whole: bool
    """False if the test lets through elements that the expression excludes."""
    tags: tuple[str, ...]
    """The tags that may be sought; empty if every tag may."""


class AttributeFinder:
    """Finds the elements that one of several expressions finds, in the order of the page.

    It is called as an `XPath` is. Raises UntranslatableError if an expression tests something else
    than tags and attributes.
    """

    def __init__(self, expressions: Sequence[XPath]) -> None:
        self._expressions = expressions
        self._paths = [translate_path(each.path) for each in expressions]
        self._test = _any_of([path.test for path in self._paths])
        self._is_whole = all(path.is_whole for path in self._paths)
        named = (ATTRIBUTE_IN_PATH.findall(each.path) for each in expressions)
        self._names = frozenset(name for names in named for name in names)
        tags = [path.tags for path in self._paths]
        self._tags = tuple({tag for each in tags for tag in each}) if all(tags) else (EVERY_TAG,)
        self._known: dict[tuple[object, tuple[tuple[str, str], ...]], bool] = {}

    def __call__(self, tree: HtmlElement) -> list[HtmlElement]:
        found = list(filter(self.is_sought, tree.iterdescendants(*self._tags)))
        if found and not self._is_whole:
            sought = {each for expression in self._expressions for each in expression(tree)}
            return [element for element in found if element in sought]
        return found

    def is_sought(self, element: HtmlElement) -> bool:
        """Return whether the tests of one of the expressions let an element through."""
        names = self._names
        attributes = tuple([item for item in element.items() if item[0] in names])
        if not attributes:  # no test lets such elements through
            return False
        key = (element.tag, attributes)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_REMEMBERED_KEYS:
                self._known.clear()
            known = self._known[key] = self._test(str(element.tag), dict(attributes))
        return known


class FirstAttributeFinder(AttributeFinder):
    """Finds the first element that an expression finds, as a list of at most one."""

    def __init__(self, expression: XPath) -> None:
        whole = FIRST_OF_ALL.fullmatch(expression.path.strip())
        inner = whole[1] if whole else expression.path.strip().removesuffix(FIRST_SIBLING)
        translate_path(inner)
        super().__init__([XPath(inner, namespaces=EXSLT_REGEXP)])
        if not self._is_whole:
            raise UntranslatableError(expression.path)

    def __call__(self, tree: HtmlElement) -> list[HtmlElement]:
        first = next(filter(self.is_sought, tree.iterdescendants(*self._tags)), None)
        return [] if first is None else [first]


EXSLT_REGEXP = {"re": "http://exslt.org/regular-expressions"}


def translate_path(path: str) -> TranslatedPath:
    """Return the test for which an expression of the form `.//*[…][…]` stands."""
    stripped = path.strip()
    if not stripped.startswith(f"{ANY_ELEMENT}["):
        raise UntranslatableError(path)
    parts = _predicates_of(stripped[len(ANY_ELEMENT) :])
    tags = TAG_TEST.findall(parts[0]) if ONLY_TAGS.fullmatch(parts[0]) else ()
    tests: list[ElementTest] = []
    is_whole = True
    for part in parts:
        try:
            tests.append(_PredicateParser(part).parse_predicate())
        except UntranslatableError:
            is_whole = False
    test = _all_of(tests)
    if not tests or any(test(tag, {}) for tag in TAG_TEST.findall(path) or ["p"]):
        raise UntranslatableError(path)  # it finds elements without attributes too
    return TranslatedPath(test, is_whole, tuple(tags))


def _predicates_of(text: str) -> list[str]:
    """The contents of the brackets `[…][…]`; brackets within quotation marks are text."""
    parts: list[str] = []
    level = start = 0
    for token in re.finditer(r"'[^']*'|\"[^\"]*\"|[\[\]]|[^\s\[\]'\"]+", text):
        if token[0] == "[":
            if not level:
                start = token.end()
            level += 1
        elif token[0] == "]":
            level -= 1
            if not level:
                parts.append(text[start : token.start()])
        elif not level:
            raise UntranslatableError(text)
    return parts


def _all_of(tests: Sequence[ElementTest]) -> ElementTest:
    """The test that is passed if each of the tests is."""
    if len(tests) == 1:
        return tests[0]

    def test_all(tag: str, attributes: Attributes) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if not test(tag, attributes):
                return False
        return True

    return test_all


def _any_of(tests: Sequence[ElementTest]) -> ElementTest:
    """The test that is passed if one of the tests is."""
    if len(tests) == 1:
        return tests[0]

    def test_any(tag: str, attributes: Attributes) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if test(tag, attributes):
                return True
        return False

    return test_any


class _PredicateParser:
    """Translates one predicate: `self::`, comparisons and functions, joined by `or` and `and`."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = XPATH_TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise UntranslatableError(text)
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self._tokens.append(("end", ""))
        self._at = 0

    def parse_predicate(self) -> ElementTest:
        """Return the test for which the whole predicate stands."""
        test = self._disjunction()
        self._expect("end")
        return test

    def _disjunction(self) -> ElementTest:
        tests = [self._conjunction()]
        while self._take("or"):
            tests.append(self._conjunction())
        return _any_of(tests)

    def _conjunction(self) -> ElementTest:
        tests = [self._term()]
        while self._take("and"):
            tests.append(self._term())
        return _all_of(tests)

    def _term(self) -> ElementTest:
        """One comparison, function or disjunction in parentheses."""
        kind, value = self._tokens[self._at]
        if kind == "tag":
            self._at += 1
            return lambda tag, _: tag == value
        if kind == "attribute":
            read = self._attribute()
            if self._take("="):
                wanted = self._expect("text")
                return lambda _, attributes: read(attributes) == wanted
            return lambda _, attributes: read(attributes) is not None
        if self._take("not"):
            test = self._in_parentheses()
            return lambda tag, attributes: not test(tag, attributes)
        if kind == "mark":
            return self._in_parentheses()
        return self._function()

    def _in_parentheses(self) -> ElementTest:
        self._expect_mark("(")
        test = self._disjunction()
        self._expect_mark(")")
        return test

    def _function(self) -> ElementTest:
        """`contains`, `starts-with` or `re:test` of an attribute and a text."""
        name = self._expect("name")
        self._expect_mark("(")
        read = self._attribute()
        self._expect_mark(",")
        wanted = self._expect("text")
        flags = self._expect("text") if self._take(",") else ""
        self._expect_mark(")")
        if name == "contains":
            return lambda _, attributes: wanted in (read(attributes) or "")
        if name == "starts-with":
            return lambda _, attributes: (read(attributes) or "").startswith(wanted)
        if name != "re:test" or flags not in ("", "i"):
            raise UntranslatableError(name)
        search = re.compile(wanted, re.I if flags else 0).search
        return lambda _, attributes: search(read(attributes) or "") is not None

    def _attribute(self) -> AttributeReader:
        """The first of some attributes that an element has, with some letters replaced perhaps."""
        if self._take("translate"):
            self._expect_mark("(")
            read = self._attribute()
            self._expect_mark(",")
            letters = self._expect("text")
            self._expect_mark(",")
            table = str.maketrans(letters, self._expect("text"))
            self._expect_mark(")")
            return lambda attributes: (read(attributes) or "").translate(table)
        names = {first := self._expect("attribute")}
        while self._take("|"):
            names.add(self._expect("attribute"))
        if len(names) == 1:
            return lambda attributes: attributes.get(first)
        return lambda attributes: next(
            (value for at, value in attributes.items() if at in names), None
        )

    def _take(self, value: str) -> bool:
        """Pass over a mark or a name if it is the next token."""
        kind, found = self._tokens[self._at]
        is_next = kind in ("mark", "name") and found == value
        self._at += is_next
        return is_next

    def _expect_mark(self, value: str) -> None:
        if not self._take(value):
            raise UntranslatableError(value)

    def _expect(self, kind: str) -> str:
        """Return the value of the next token, which is of this kind."""
        found, value = self._tokens[self._at]
        if found != kind:
            raise UntranslatableError(value)
        self._at += 1
        return value[1:] if kind == "attribute" else value[1:-1] if kind == "text" else value
