"""Bylines as printed → the people who wrote it."""

from __future__ import annotations

import re

from crawler.agencies import agency_named

OPENING = re.compile(
    r"^\W*(?:(?:written|reported|posted|published|story|report|words|text|texte|texto|testo|article|analysis|column|"
    r"opinion|review)\s+(?:and photos?\s+)?)?(?:by|von|vom|par|por|di|da|door|av|af|przez|autor(?:in|en|a|zy|ka)?|"
    r"author|"
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
    r"editor-in-chief|columnist|analyst|professor|director|updated|published|posted|january|february|march|april|june|"
    r"july|august|september|october|november|december|min read|minutes?|ago|views?|follow|subscribe|share|comments?|"
    r"redakteur\w*|volontär\w*|reporterin|korrespondent\w*|journaliste?n?|autorin|mdb|mdl|md|phd|sie|you|your|click|"
    r"редакция|редактор|корреспондент|编辑|編輯|편집|뉴스)\b|^\w{2,5}[部부]$|記者|记者|https?:|www\.|@|\.(?:com|"
    r"org|net|de|uk|ca)\b",
    re.I,
)
ROLE = re.compile(
    r"\s*[,(]?\s*\b(?:(?:senior|chief|staff|political|business|sports?|science|health|foreign|national|special|assistant|"
    r"deputy|managing|associate|technology|education|environment|world|lead|digital|general|breaking|news)\s+)*"
    r"(?:writer|reporter|correspondent|editor|columnist|contributor|producer|journalist|bureau chief)\b.*$",
    re.I,
)
DESK = re.compile(
    r"^(?:from |by )?(?:[\w&.’'-]+ ){0,4}(?:staff(?: (?:writers?|reporters?|reports?))?|newsroom|news desk|"
    r"wire (?:services?|reports?)|(?:news|press) agency|news services?|editorial (?:board|team)|redaktion|redacción|"
    r"redazione|rédaction|redação|redactie|redakcja|redakce|редакция)$"
    r"|^(?:[\w・]{0,12}(?:編集部|取材班|报道组|編輯部|编辑部)|[\w ]{0,12}편집부)$",
    re.I,
)
"""A line that credits nobody in particular: `WSD Staff`, `From wire reports`, `Meridian News Agency`."""
MAX_DESK = 60
BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]?")
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
SUFFIXES = {"jr", "jr.", "sr", "sr.", "ii", "iii", "phd", "ph.d.", "md", "m.d."}


def opens_like_byline(line: str) -> bool:
    """Whether a short line begins as bylines do: `By …`, `Von …`, `Автор: …`."""
    return bool(OPENING.match(line)) or bool(HANGUL_ROLE.search(line) and len(line) < 20)


def credits_a_desk(line: str) -> bool:
    """Whether a line says no more than that a desk, the staff or an agency wrote it."""
    return len(line) <= MAX_DESK and bool(DESK.match(line.strip()))


def people(byline: str | None) -> tuple[str, ...]:
    """The people whom a byline names, in its order. Agencies, desks, staff and addresses are not people."""
    bare = HANGUL_ROLE.sub("", OPENING.sub("", BRACKETS.sub("", MAIL.sub("", byline or "")).strip()))
    found = (_person(part) for part in PARTING.split(bare))
    return tuple(dict.fromkeys(name for name in found if name))


def _person(part: str) -> str | None:
    bare = OPENING.sub("", part.strip(' .\t()[]*"“”'))
    bare = ROLE.sub("", bare).strip(" ,.(") if " " in bare else bare
    if not 2 <= len(bare) <= 60 or any(c.isdigit() for c in bare) or agency_named(bare) or NOT_PEOPLE.search(bare):
        return None
    if bare.lower() in SUFFIXES or len(bare.split()) > 6 or not any(c.isalpha() for c in bare):
        return None
    if any(c in bare for c in "?!:=<>|{}"):
        return None
    lower_start = bare[0].islower() and bare.split()[0] not in (
        "van",
        "von",
        "de",
        "di",
        "da",
        "del",
        "della",
        "el",
        "al",
        "bin",
        "ter",
        "ten",
    )
    return None if lower_start else bare
