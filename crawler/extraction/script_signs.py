"""The signs of a page whose text scripts would bring. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

MAX_SCRIPTED_PAGE_LETTERS = 200
"""Letters of a page beyond which it has a text, and is not a shell for scripts …"""
MAX_SCRIPTED_ARTICLE_LETTERS = 40
"""… and beyond which a short text that was read as an article is one."""
MAX_ROOT_LETTERS = 40
"""Letters in an element that scripts fill, such as “Loading …”."""
ROOT_IDS = frozenset(
    (
        "root", "app", "__next", "__nuxt", "___gatsby", "q-app", "svelte", "react-root", "app-root",
        "main-app", "react-app", "vue-app", "ember-app", "application", "app-container", "approot", "fusion-app",
    )
)  # fmt: skip
"""Ids of the elements that frameworks fill."""
ROOT_TAG = re.compile(r"(?:app|my-app|[a-z]+-(?:app|root)|app-[a-z]+)")
"""Names of custom elements that frameworks fill: `<app-root>`."""
ROOT_ATTRIBUTES = (
    "data-reactroot",
    "ng-app",
    "ng-version",
    "data-v-app",
    "data-ng-app",
    "data-server-rendered",
)
STATE_MARK = re.compile(
    r"__(?:NEXT_DATA|NUXT|NUXT_DATA|INITIAL_STATE|PRELOADED_STATE|APOLLO_STATE|INITIAL_DATA|remixContext|"
    r"sveltekit\w*|GATSBY\w*|next_f)(?:__)?|___gatsby|data-sveltekit|webpackJsonp|webpackChunk|Fusion\.globalContent"
)
"""The names under which frameworks keep their data in a page."""
NO_SCRIPT_WORDS = re.compile(r"java\s?script", re.I)
DATA_SCRIPT_TYPE = re.compile(r"json|template|text/(?!javascript|ecmascript|babel)", re.I)
"""Types of `script` elements that run nothing."""
UNSHOWN_TAGS = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "head",
        "title",
        "select",
        "option",
        "iframe",
    )
)
NAVIGATION_TAGS = frozenset(("nav", "header", "footer", "a", "aside", "button", "form", "dialog"))
"""Elements around the text of a page."""


def script_signs(tree: HtmlElement, most_letters: int = MAX_SCRIPTED_PAGE_LETTERS) -> str | None:
    """Return by which signs scripts would bring the text of a page; None if they would not.

    The page has scripts, hardly any text outside of its navigation, and an empty element that
    frameworks fill, a hint that it needs JavaScript, or the data of a framework.
    """
    scripts = list(running_scripts(tree))
    body = tree.find("body")
    if not scripts or body is None or count_shown_letters(body, most_letters) > most_letters:
        return None
    root = empty_root(body)
    signs = [f"an empty {root}"] if root else []
    if _has_no_script_hint(body):
        signs.append("a hint that it needs JavaScript")
    if mark := _framework_mark(tree):
        signs.append(mark)
    if not signs:
        return None
    number = f"{len(scripts)} script{'s' if len(scripts) > 1 else ''}"
    return ", ".join((*signs, number))


def running_scripts(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the scripts of a page that run."""
    for script in tree.iter("script"):
        if not DATA_SCRIPT_TYPE.search(script.get("type", "")):
            yield script


def count_shown_letters(element: HtmlElement, enough: int) -> int:
    """Return the number of letters that an element shows beside navigation; counting ends beyond
    `enough`."""
    letters = 0
    waiting = [element]
    while waiting and letters <= enough:
        current = waiting.pop()
        if not isinstance(current.tag, str) or current.tag in UNSHOWN_TAGS:
            continue
        if current.tag in NAVIGATION_TAGS and current is not element:
            continue
        texts = [current.text or "", *(child.tail or "" for child in current)]
        letters += sum(len("".join(text.split())) for text in texts)
        waiting.extend(current)
    return letters


def empty_root(body: HtmlElement) -> str | None:
    """Return the first empty element that frameworks fill, such as `#root`; None without one."""
    for element in body.iter():
        if not isinstance(element.tag, str):
            continue
        name = _root_name(element)
        if name and count_shown_letters(element, MAX_ROOT_LETTERS) <= MAX_ROOT_LETTERS:
            return name
    return None


def _root_name(element: HtmlElement) -> str | None:
    """Return how to call an element that frameworks fill; None for any other."""
    id = element.get("id", "")
    if id.lower() in ROOT_IDS:
        return f"#{id}"
    tag = str(element.tag)
    if any(name in element.attrib for name in ROOT_ATTRIBUTES) or ROOT_TAG.fullmatch(tag):
        return f"<{tag[:40]}>"
    return None


def _has_no_script_hint(body: HtmlElement) -> bool:
    """Return whether a `noscript` element says that the page needs JavaScript."""
    return any(NO_SCRIPT_WORDS.search(hint.text_content()) for hint in body.iter("noscript"))


def _framework_mark(tree: HtmlElement) -> str | None:
    """Return the name under which a framework keeps its data in the page; None without one."""
    for script in tree.iter("script"):
        content = f"{script.get('id', '')} {(script.text or '')[:20_000]}"
        if found := STATE_MARK.search(content):
            return found[0]
    return None
