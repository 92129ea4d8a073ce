"""Bylines as printed → the people who wrote it."""

from __future__ import annotations

import re

from crawler.agencies import agency_in, agency_named

OPENING = re.compile(
    r"^\W*(?:(?:written|reported|posted|published|story|report|words|text|texte|texto|testo|article|analysis|column|"
    r"opinion|review|(?:more )?(?:stories|articles|posts))\s+(?:and photos?\s+)?)?(?:by|von|vom|par|por|di|da|door|av|"
    r"af|przez|autor(?:in|en|a|zy|ka)?|author|"
    r"writer|redacción|texte|texto|text|skriven av|автор(?:ы)?|автор|текст|yazan|文|作者|记者|記者|撰文|取材|著者)"
    r"(?:\s*[:：]\s*|\s+)(?=\S)",
    re.I,
)
HANGUL_ROLE = re.compile(r"\s*(?:기자|특파원|記者|记者)\s*$")
PARTING = re.compile(r"\s*(?:[,;|•·/]|\s[–—-]\s|\b(?:[Aa]nd|AND|und|et|y|e|en|och|og|oraz|ve)\b|&|、|，|；)\s*")
NOT_PEOPLE = re.compile(
    r"\b(?:staff|desk|newsroom|editors?|editorial|team|redaktion\w*|redaction|rédaction|redacción|redazione|redação|"
    r"redakcja|redakce|redactie|online|news|service|services|agency|agencies|agences|agenturen|press|reporters?|"
    r"correspondents?|contributors?|contributor|writers?|journalists?|bureau|media|tv|radio|network|magazine|times|"
    r"herald|"
    r"post|tribune|gazette|daily|journal|chronicle|newspaper|zeitung|guest|admin|administrator|webmaster|wire|reports?|"
    r"special to|sponsored|partner content|associated|producer|anchor|meteorologist|photographer|fotograf|photos?|"
    r"editor-in-chief|columnist|analyst|professor|director|updated|published|posted|"
    r"min read|minutes?|ago|views?|follow|subscribe|share|comments?|"
    r"redakteur\w*|volontär\w*|reporterin|korrespondent\w*|journaliste?n?|autorin|mdb|mdl|md|phd|sie|your|click|"
    r"foundation|institute|university|association|stiftung|ministry|"
    r"редакция|редактор|корреспондент|编辑|編輯|편집|뉴스)\b|^\w{2,5}[部부]$|記者|记者|https?:|www\.|@|\.(?:com|"
    r"org|net|de|uk|ca)\b",
    re.I,
)
SMALL_WORDS = re.compile(r"^The\b|\b(?:for|of|from|with|to|at|the|by|about|für|pour|para|per)\b")
"""Words that are in no person's name."""
ROLE_WORDS = (
    r"(?:writer|reporter|correspondent|editor|columnist|contributor|producer|journalist|bureau chief|"
    r"(?:co-?)?founder|reviewer|ceo|cto|coo)"
)
RANKS = r"(?:senior|chief|staff|deputy|managing|associate|assistant|executive|lead|special|guest|contributing)"
ROLE = re.compile(
    rf"(?:\s*[,(]\s*|\s+)(?:{RANKS}\s+(?:\w+\s+){{0,2}}|(?:political|politics|business|sports?|science|health|foreign|"
    rf"national|technology|education|environment|world|digital|general|breaking|news)\s+)*{ROLE_WORDS}\b.*$",
    re.I,
)
ROLE_BEFORE = re.compile(
    rf"^(?:{RANKS}\s+)*(?:[\w.]+-)*(?:{ROLE_WORDS}|(?:gast)?autor(?:in)?|expert[ei]n?|redakteur(?:in)?|"
    r"korrespondent(?:in)?|kolumnist(?:in)?|mitarbeiter(?:in)?)\s+(?=\S+\s+\S)",
    re.I,
)
"""`FOCUS-Gastautor Jane Doe`, `Staff writer Jane Doe`."""
DESK = re.compile(
    r"^(?:from |by )?(?:[\w&.’'-]+ ){0,4}(?:staff(?: (?:writers?|reporters?|reports?))?|newsroom|news desk|"
    r"wire (?:services?|reports?)|(?:news|press) agency|news services?|editorial (?:board|team)|redaktion|redacción|"
    r"redazione|rédaction|redação|redactie|redakcja|redakce|редакция)$"
    r"|^(?:[\w・]{0,12}(?:編集部|取材班|报道组|編輯部|编辑部)|[\w ]{0,12}편집부)$",
    re.I,
)
"""A line that credits nobody in particular: `WSD Staff`, `From wire reports`, `Meridian News Agency`."""
MAX_DESK = 60
MAX_BYLINE = 1_000
"""Of what is longer the rest is left: the patterns below take a minute for a page of blanks."""
MAX_LINE = 110
NOBODY = re.compile(r"^(?:admin\w*|webmaster|root|user|guest|unknown|anonymous|none|null|undefined|default)$", re.I)
"""What a system calls whoever saved the page."""
BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]?")
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
SUFFIXES = {"jr", "jr.", "sr", "sr.", "ii", "iii", "phd", "ph.d.", "md", "m.d."}
PARTICLES = frozenset(("van", "von", "de", "di", "da", "del", "della", "el", "al", "bin", "ter", "ten"))


def opens_like_byline(line: str) -> bool:
    """Whether a short line begins as bylines do: `By …`, `Von …`, `Автор: …`."""
    return bool(OPENING.match(line)) or bool(HANGUL_ROLE.search(line) and len(line) < 20)


def credits_a_desk(line: str) -> bool:
    """Whether a line says no more than that a desk, the staff or an agency wrote it."""
    return len(line) <= MAX_DESK and bool(DESK.match(line.strip()))


def is_byline(line: str) -> bool:
    """Whether a line is nothing but a byline: `By Jane Doe, The Daily Bugle`."""
    if credits_a_desk(line):
        return True
    opening = opens_like_byline(line) and len(line) < MAX_LINE and not line.endswith((".", "!", "?", "”", ":"))
    return bool(opening and (people(line) or agency_in(line) or "staff" in line.lower()))


def people(byline: str | None) -> tuple[str, ...]:
    """The people whom a byline names, in its order. Agencies, desks, staff and addresses are not people.

    Beside anything else a single word is a place, a degree or a part of a body's name: `Jane Doe, London`,
    `Jane Doe, CPA`, `Office of Ports and Ferries`.
    """
    bare = HANGUL_ROLE.sub("", OPENING.sub("", BRACKETS.sub("", MAIL.sub("", (byline or "")[:MAX_BYLINE])).strip()))
    parts = PARTING.split(bare)
    found = [name for part in parts if (name := _person(part)) and name.rstrip(".") in str(byline)]
    if len(found) < len(parts) or any(" " in name for name in found):
        found = [name for name in found if " " in name or not name[0].isupper()]
    return tuple(dict.fromkeys(found))


def body(claim: str) -> str | None:
    """The desk, agency or outlet that page data name where one looks for an author; None for what is no name."""
    bare = OPENING.sub("", claim.strip())
    return None if NOBODY.match(bare) or not 2 <= len(bare) <= MAX_DESK or not any(map(str.isalpha, bare)) else bare


def _person(part: str) -> str | None:
    bare = ROLE_BEFORE.sub("", OPENING.sub("", part.strip(' .\t()[]*©"“”'))).strip()
    name = ROLE.sub("", bare).strip(" ,.(") if " " in bare else bare
    if name != bare and " " not in name:
        return None
    bare = name
    if not 2 <= len(bare) <= 60 or any(c.isdigit() for c in bare) or agency_named(bare):
        return None
    if NOT_PEOPLE.search(bare) or SMALL_WORDS.search(bare):
        return None
    if bare.lower() in SUFFIXES or len(bare.split()) > 6 or not any(c.isalpha() for c in bare):
        return None
    if any(c in bare for c in "?!:=<>|{}"):
        return None
    return None if bare[0].islower() and bare.split()[0] not in PARTICLES else _with_dot(bare)


def _with_dot(name: str) -> str:
    return f"{name}." if name.endswith((" Jr", " Sr")) else name
