"""News agencies, as bylines, datelines and credits name them, and the datelines themselves."""

from __future__ import annotations

import re

AGENCIES = {  # how an agency is called here → how it is printed
    "AP": "AP|Associated Press|The Associated Press|A\\.P\\.",
    "Reuters": "Reuters|Thomson Reuters|REUTERS|ロイター|路透社|Рейтер|로이터",
    "AFP": "AFP|Agence France[- ]Presse|Agence France Presse|法新社",
    "dpa": "dpa|DPA|Deutsche Presse-Agentur|dpa-AFX|dpa/[A-Za-z]+|dpa-[A-Za-z]+",
    "Yonhap": "Yonhap|Yonhap News|Yonhap News Agency|연합뉴스|聯合ニュース",
    "Xinhua": "Xinhua|Xinhua News Agency|新华社|新華社|新华网",
    "TASS": "TASS|ITAR-TASS|ТАСС|ИТАР-ТАСС",
    "Kyodo": "Kyodo|Kyodo News|共同通信|共同",
    "Jiji": "Jiji|Jiji Press|時事通信|時事",
    "ANSA": "ANSA",
    "EFE": "EFE|Agencia EFE|Efe",
    "PA": "PA|PA Media|Press Association|The Press Association|PA News Agency",
    "UPI": "UPI|United Press International",
    "Interfax": "Interfax|Интерфакс|Interfax-Ukraine|Интерфакс-Украина",
    "RIA Novosti": "RIA Novosti|РИА Новости|RIA",
    "Ukrinform": "Ukrinform|Укринформ|Укрінформ",
    "Bloomberg": "Bloomberg|Bloomberg News",
    "CP": "CP|The Canadian Press|Canadian Press|La Presse Canadienne",
    "AAP": "AAP|Australian Associated Press",
    "PTI": "PTI|Press Trust of India",
    "ANI": "ANI|Asian News International",
    "IANS": "IANS",
    "Antara": "ANTARA|Antara",
    "Anadolu": "AA|Anadolu|Anadolu Agency|Anadolu Ajansı",
    "Bernama": "Bernama|BERNAMA",
    "KCNA": "KCNA|朝鮮中央通信",
    "CNA": "CNA|Central News Agency|中央社",
    "PAP": "PAP|Polska Agencja Prasowa",
    "APA": "APA|Austria Presse Agentur",
    "sda": "sda|SDA|Keystone-SDA|ats|ATS|Keystone-ATS",
    "Belga": "Belga|BELGA",
    "ANP": "ANP",
    "TT": "TT|TT Nyhetsbyrån",
    "NTB": "NTB",
    "Ritzau": "Ritzau|Ritzaus Bureau",
    "STT": "STT",
    "AMNA": "ΑΠΕ-ΜΠΕ|ΑΠΕ|AMNA|ANA-MPA",
    "Lusa": "Lusa|LUSA",
    "MTI": "MTI",
    "ČTK": "ČTK|CTK|ČTK/AP",
    "SID": "SID",
    "epd": "epd",
    "KNA": "KNA",
    "Europa Press": "Europa Press|EUROPA PRESS|Europapress",
    "Notimex": "Notimex|NOTIMEX",
    "Sputnik": "Sputnik|Спутник",
    "NAN": "NAN|News Agency of Nigeria",
    "Tribune News Service": "Tribune News Service|TNS|McClatchy-Tribune",
}
SHORT = {
    "PA",
    "CP",
    "AA",
    "TT",
    "CNA",
    "ANA",
    "RIA",
    "SID",
    "NAN",
    "ANI",
    "TNS",
    "APA",
    "ats",
    "ATS",
    "AMNA",
    "KNA",
    "sda",
    "epd",
    "共同",
    "時事",
    "NTB",
    "MTI",
    "STT",
    "SDA",
}
BY_NAME = {
    name: agency
    for agency, names in AGENCIES.items()
    for name in names.split("|")
    if "\\" not in name and "[" not in name
}
BY_NAME |= {"A.P.": "AP", "Agence France-Presse": "AFP", "The Reuters": "Reuters"}
FOLDED = {name.casefold(): agency for name, agency in BY_NAME.items() if name not in SHORT}
PATTERNS = "|".join(
    sorted(
        (part for names in AGENCIES.values() for part in names.split("|")), key=len, reverse=True
    )
)
IN_BRACKETS = re.compile(rf"[(（/\[]\s*({PATTERNS})(?:\s*[/,]\s*[^()（）]{{1,30}})?\s*[)）/\]]")
CREDIT = re.compile(
    r"^\W*(?:[©(]|copyright|source|quelle|fonte|fuente|by|via|from|from wire reports)?[\s:©]*(?:\d{4}\s*)?(?:the )?"
    rf"({PATTERNS})\b",
    re.I,
)
JAPANESE = re.compile(
    r"^\W{0,2}(新华社|新華社)[^，。\s]{1,16}?电|^[［\[【(（][^］\]】)）]{0,24}?(ロイター|共同|時事|聯合ニュース)"
)

DASH = r"(?:—|–|―|-{1,2}|‒|−)"
CAPITALS = r"[A-ZÀ-ÖØ-ÞĀ-ŽΑ-ΩА-ЯЁ]"
PLACE = rf"{CAPITALS}[\w.'’]*(?:[ /-]{CAPITALS}?[\w.'’]+){{0,5}}"
SHOUTED = rf"{CAPITALS}[{CAPITALS[1:-1]}.'’ /-]{{2,30}}"
REST = r"(?:,\s*[\w.'’ ]{2,30}){0,3}"
DATELINES = (
    re.compile(
        rf"^((?:{PLACE}{REST}\s*)\(\s*[^()]{{2,40}}\s*\)(?:\s*,?\s*[\w. ]{{1,12}})?)\s*(?:\.?\s*{DASH}|:)\s*"
    ),
    re.compile(rf"^({SHOUTED}{REST})\s*(?:—|–|-{{2}}|\s-)\s"),
    re.compile(rf"^(\({PATTERNS}\)\s*{DASH}?\s*{SHOUTED}{REST})\s*{DASH}\s"),
    re.compile(rf"^({SHOUTED}{REST}\.?\s*/[\w-]{{2,20}}/)\.?\s"),
    re.compile(r"^((?:新华社|新華社)[^，。\s]{1,16}?电)"),
)


def agency_named(name: str | None) -> str | None:
    """The agency whose name this is, whole: `The Associated Press` → `AP`."""
    bare = (name or "").strip(" .()[]©").removesuffix(" News Service")
    return BY_NAME.get(bare) or FOLDED.get(bare.casefold())


def agency_names(name: str) -> tuple[str, ...]:
    """All that the agency of this name is printed as: `ap` → AP, Associated Press …; nothing, if it
    is none's."""
    folded = name.strip().casefold()
    agency = next((each for printed, each in BY_NAME.items() if printed.casefold() == folded), None)
    return tuple(printed for printed, each in BY_NAME.items() if each == agency and agency)


def agency_in(credit: str | None) -> str | None:
    """The first agency among the names that a byline or credit gives."""
    for part in re.split(r"[,;|/&()–—]|\b(?:and|und|et|y|via|mit|with|from)\b", credit or ""):
        if agency := agency_named(part):
            return agency
    return None


def dateline_of(text: str) -> str | None:
    """The dateline that opens the text, as printed: `SEOUL, South Korea (AP)`."""
    opening = text[:200]
    found = (fits[1].strip() for pattern in DATELINES if (fits := pattern.match(opening)))
    return next(found, None)


def agency_of_text(paragraphs: list[str]) -> str | None:
    """The agency that the text credits: in a dateline or brackets where one of its first paragraphs
    begins, or in a short last line (`© 2024 AFP`)."""
    for paragraph in paragraphs[:3]:
        opening = paragraph[:110]
        if fits := IN_BRACKETS.search(opening[:90] if dateline_of(paragraph) else opening[:45]):
            return _canonical(fits[1])
        if fits := JAPANESE.match(opening):
            return agency_named(fits[1] or fits[2])
    for paragraph in paragraphs[-2:]:
        if len(paragraph) < 90 and (agency := agency_of_credit(paragraph)):
            return agency
    return None


def agency_of_credit(line: str) -> str | None:
    """The agency of a line that is nothing but its credit: `(Reuters)`, `© 2024 AFP`, `Source:
    ANSA`."""
    fits = CREDIT.match(line)
    if fits and len(line) < 2 * len(fits[0]) + 25 and fits[1] in BY_NAME:
        return _canonical(fits[1])
    brackets = IN_BRACKETS.fullmatch(line.strip(" ."))
    return _canonical(brackets[1]) if brackets else None


def _canonical(printed: str) -> str | None:
    return agency_named(printed) or next(
        (a for a, names in AGENCIES.items() if re.fullmatch(names, printed)), None
    )
