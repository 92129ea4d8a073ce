"""The one setting that widens the content security policies of all pages.

The plugin's configuration has it as `content_security_policy`: a list of texts such as
`img-src https://tiles.example`, each with one directive and its sources.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from archive.errors import UsageError

WIDENED_DIRECTIVES = (
    "connect-src", "font-src", "frame-src", "img-src", "manifest-src", "media-src", "script-src",
    "style-src", "worker-src",
)  # fmt: skip
"""Directives to which sources may be added. The others protect the site as a whole."""
SCRIPT_DIRECTIVES = ("script-src", "worker-src", "frame-src")
"""Directives whose sources run programs."""
RISK_WORD = "accept-risk"
"""The word without which no source is added that lets scripts of others run in the pages."""
SOURCE_PATTERN = re.compile(
    r"(?:https?|wss?)://(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?(?:/[\w./~%-]*)?",
    re.IGNORECASE | re.ASCII,
)
PLAIN_SOURCES = ("'self'", "data:", "blob:")
RISKY_SOURCES = ("'unsafe-inline'", "'unsafe-eval'", "'wasm-unsafe-eval'")

AllowedSources = Mapping[str, tuple[str, ...]]
"""The sources that are added to each directive."""


def parse_allowed_sources(given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the sources that texts such as `img-src https://tiles.example data:` add.

    Raises UsageError for a directive that cannot be widened, and for a source that could change
    the rest of the policy, or that needs `RISK_WORD`.
    """
    allowed: dict[str, tuple[str, ...]] = {}
    for text in given:
        directive, added = _sources_of_text(text)
        allowed[directive] = tuple(dict.fromkeys((*allowed.get(directive, ()), *added)))
    return allowed


def _sources_of_text(text: str) -> tuple[str, list[str]]:
    """Return the directive of a text and the sources that it adds. Raises UsageError."""
    if not isinstance(text, str):
        raise UsageError(f"allowed source {text!r}: must be a text like img-src https://…")
    first, *sources = text.split() or [""]
    directive = first.lower()
    if directive not in WIDENED_DIRECTIVES:
        raise UsageError(
            f"allowed source {text!r}: begins with none of {', '.join(WIDENED_DIRECTIVES)}"
        )
    added = [source for source in sources if source != RISK_WORD]
    if not added:
        raise UsageError(f"allowed source {text!r}: names no source, such as https://host")
    for source in added:
        _check_source(text, directive, source, accepts_risk=RISK_WORD in sources)
    return directive, added


def _check_source(text: str, directive: str, source: str, *, accepts_risk: bool) -> None:
    """Raise UsageError for a source that may not be added."""
    if _may_run_scripts(directive, source) and not accepts_risk:
        raise UsageError(
            f"allowed source {text!r}: {source} lets a text of the archive run as a script, if it "
            f"finds a gap; add the word {RISK_WORD} to allow it all the same"
        )
    is_host = SOURCE_PATTERN.fullmatch(source)
    if not is_host and source not in PLAIN_SOURCES and source not in RISKY_SOURCES:
        raise UsageError(
            f"allowed source {text!r}: {source} is not a source; give a scheme and a host, "
            f"such as https://tiles.example, or one of {', '.join(PLAIN_SOURCES)}"
        )


def _may_run_scripts(directive: str, source: str) -> bool:
    """Return whether a source opens a directive to scripts that a text may contain."""
    if directive == "style-src" and source == "'unsafe-inline'":
        return False
    if directive in SCRIPT_DIRECTIVES and source in ("data:", "blob:"):
        return True
    return source in RISKY_SOURCES


def configured_sources(datasette: Any) -> AllowedSources:
    """Return the sources that the plugin's configuration allows.

    Raises UsageError for invalid ones, so that the server does not start.
    """
    given = (datasette.plugin_config("dateline") or {}).get("content_security_policy") or ()
    return parse_allowed_sources([given] if isinstance(given, str) else given)


def widened_policy(policy: str, allowed: AllowedSources) -> str:
    """Return a content security policy with further sources.

    A directive that the policy does not have begins with the sources of `default-src`. The policy
    of files to save, with `sandbox`, stays as it is.
    """
    parts = [part.split() for part in policy.split(";")]
    directives = {name: sources for name, *sources in parts if name}
    if not allowed or "sandbox" in directives:
        return policy
    for directive, added in allowed.items():
        present = directives.get(directive, directives.get("default-src", []))
        kept = _sources_beside_added(directive, present, added)
        directives[directive] = [*kept, *added]
    return "; ".join(" ".join([name, *sources]) for name, sources in directives.items())


def _sources_beside_added(
    directive: str, present: Iterable[str], added: Collection[str]
) -> list[str]:
    """Return the sources of a directive that stay when others are added.

    With `'unsafe-inline'` for scripts the nonce is left out, as browsers ignore the one beside
    the other.
    """
    kept = [source for source in present if source != "'none'" and source not in added]
    if directive != "script-src" or "'unsafe-inline'" not in added:
        return kept
    return [source for source in kept if not source.startswith("'nonce-")]
