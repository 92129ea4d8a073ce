"""News agencies and datelines, as they are printed in bylines, datelines and credits."""

from __future__ import annotations

import re
from itertools import chain

from pipelines.text.agency_list import news_agencies

PRINTED_FORMS = {
    name: (*agency.names, *agency.patterns) for name, agency in news_agencies().items()
}
"""Regular expressions for the printed names of each agency."""
AGENCY_BY_NAME = {
    printed: name
    for name, agency in news_agencies().items()
    for printed in (*agency.names, *agency.also)
}
"""The agency of each printed name."""
EXACT_CASE_NAMES = frozenset().union(*(agency.exact_case for agency in news_agencies().values()))
"""Names that count only where their case is as printed."""
AGENCY_BY_FOLDED_NAME = {
    name.casefold(): agency
    for name, agency in AGENCY_BY_NAME.items()
    if name not in EXACT_CASE_NAMES
}
"""The agency of each printed name in lower case, without those in `EXACT_CASE_NAMES`."""
ANY_AGENCY_NAME = "|".join(
    sorted(chain.from_iterable(PRINTED_FORMS.values()), key=len, reverse=True)
)
"""All names of all agencies, the longest first."""
AGENCY_CREDIT_SEPARATOR = re.compile(r"[,;|/&()–—]|\b(?:and|und|et|y|via|mit|with|from)\b")
AGENCY_IN_BRACKETS = re.compile(
    rf"[(（/\[]\s*({ANY_AGENCY_NAME})(?:\s*[/,]\s*[^()（）]{{1,30}})?\s*[)）/\]]"
)
"""An agency in brackets, as in datelines."""
AGENCY_CREDIT = re.compile(
    r"^\W*(?:[©(]|copyright|source|quelle|fonte|fuente|by|via|from|"
    r"from wire reports)?[\s:©]*(?:\d{4}\s*)?(?:the )?"
    rf"({ANY_AGENCY_NAME})\b",
    re.I,
)
"""An agency in a line that credits it."""
EAST_ASIAN_AGENCY_OPENING = re.compile(
    r"^\W{0,2}(新华社|新華社)[^，。\s]{1,16}?电|^[［\[【(（][^］\]】)）]{0,24}?(ロイター|共同|時事|聯合ニュース)"
)
"""The openings of Chinese and Japanese reports that name an agency."""

MAX_DATELINE_CHARS = 200
"""Characters of a text in which its dateline is looked for."""
DATELINE_DASH = r"(?:—|–|―|-{1,2}|‒|−)"
DATELINE_CAPITALS = r"[A-ZÀ-ÖØ-ÞĀ-ŽΑ-ΩА-ЯЁ]"
DATELINE_PLACE = rf"{DATELINE_CAPITALS}[\w.'’]*(?:[ /-]{DATELINE_CAPITALS}?[\w.'’]+){{0,5}}"
DATELINE_PLACE_IN_CAPITALS = rf"{DATELINE_CAPITALS}[{DATELINE_CAPITALS[1:-1]}.'’ /-]{{2,30}}"
DATELINE_PLACE_REST = r"(?:,\s*[\w.'’ ]{2,30}){0,3}"
"""Further parts of a place: `, South Korea`."""
DATELINE_PATTERNS = (
    re.compile(
        rf"^((?:{DATELINE_PLACE}{DATELINE_PLACE_REST}\s*)\(\s*[^()]{{2,40}}\s*\)(?:\s*,?\s*[\w. ]{{1,12}})?)"
        rf"\s*(?:\.?\s*{DATELINE_DASH}|:)\s*"
    ),
    re.compile(rf"^({DATELINE_PLACE_IN_CAPITALS}{DATELINE_PLACE_REST})\s*(?:—|–|-{{2}}|\s-)\s"),
    re.compile(
        rf"^(\({ANY_AGENCY_NAME}\)\s*{DATELINE_DASH}?\s*{DATELINE_PLACE_IN_CAPITALS}{DATELINE_PLACE_REST})\s*{DATELINE_DASH}\s"
    ),
    re.compile(rf"^({DATELINE_PLACE_IN_CAPITALS}{DATELINE_PLACE_REST}\.?\s*/[\w-]{{2,20}}/)\.?\s"),
    re.compile(r"^((?:新华社|新華社)[^，。\s]{1,16}?电)"),
)
"""The forms of datelines in languages that write them."""


def agency_named(name: str | None) -> str | None:
    """Return the agency with this name: `The Associated Press` → `AP`."""
    bare = (name or "").strip(" .()[]©").removesuffix(" News Service")
    return AGENCY_BY_NAME.get(bare) or AGENCY_BY_FOLDED_NAME.get(bare.casefold())


def printed_agency_names(name: str) -> tuple[str, ...]:
    """Return the printed names of an agency: `ap` → AP, Associated Press …; empty if unknown."""
    folded = name.strip().casefold()
    agency = next(
        (each for printed, each in AGENCY_BY_NAME.items() if printed.casefold() == folded), None
    )
    return tuple(printed for printed, each in AGENCY_BY_NAME.items() if each == agency and agency)


def agency_in_credit(credit: str | None) -> str | None:
    """Return the first agency among the names in a byline or credit."""
    return next(filter(None, map(agency_named, AGENCY_CREDIT_SEPARATOR.split(credit or ""))), None)


def dateline_of(text: str) -> str | None:
    """Return the dateline at the beginning of a text, as printed: `SEOUL, South Korea (AP)`."""
    opening = text[:MAX_DATELINE_CHARS]
    found = next(filter(None, (pattern.match(opening) for pattern in DATELINE_PATTERNS)), None)
    return found[1].strip() if found else None


def agency_of_text(paragraphs: list[str]) -> str | None:
    """Return the agency that a text credits.

    It is named in a dateline or in brackets at the beginning of one of the first three paragraphs,
    or in one of the last two, if this is short (`© 2024 AFP`).
    """
    for paragraph in paragraphs[:3]:
        opening = paragraph[: 90 if dateline_of(paragraph) else 45]
        if fits := AGENCY_IN_BRACKETS.search(opening):
            return _agency_of_printed_name(fits[1])
        if fits := EAST_ASIAN_AGENCY_OPENING.match(paragraph[:110]):
            return agency_named(fits[1] or fits[2])
    for paragraph in paragraphs[-2:]:
        if len(paragraph) < 90 and (agency := agency_of_credit(paragraph)):
            return agency
    return None


def agency_of_credit(line: str) -> str | None:
    """Return the agency of a line that only credits it: `(Reuters)`, `Source: ANSA`."""
    fits = AGENCY_CREDIT.match(line)
    if fits and len(line) < 2 * len(fits[0]) + 25 and fits[1] in AGENCY_BY_NAME:
        return _agency_of_printed_name(fits[1])
    brackets = AGENCY_IN_BRACKETS.fullmatch(line.strip(" ."))
    return _agency_of_printed_name(brackets[1]) if brackets else None


def _agency_of_printed_name(printed: str) -> str | None:
    """The agency with a printed name that one of the regular expressions matched."""
    matching = (
        agency for agency, forms in PRINTED_FORMS.items() if re.fullmatch("|".join(forms), printed)
    )
    return agency_named(printed) or next(matching, None)
