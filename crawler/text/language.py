"""Which language an article is in: what the page declares, checked against its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

CODES_TEXT = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es
et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj
kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nd ne ng nl no nr nv ny oc
oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk
tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
CODES = frozenset(CODES_TEXT.split())
"""ISO 639-1 (https://www.loc.gov/standards/iso639-2/): `us` and `gb` are countries."""
OTHER_NAMES = {
    **{
        "eng": "en",
        "fra": "fr",
        "fre": "fr",
        "deu": "de",
        "ger": "de",
        "spa": "es",
        "por": "pt",
        "ita": "it",
    },
    **{
        "rus": "ru",
        "ukr": "uk",
        "zho": "zh",
        "chi": "zh",
        "jpn": "ja",
        "kor": "ko",
        "ara": "ar",
        "hin": "hi",
    },
    **{
        "nld": "nl",
        "dut": "nl",
        "pol": "pl",
        "tur": "tr",
        "ind": "id",
        "vie": "vi",
        "swe": "sv",
        "nor": "no",
    },
    **{
        "iw": "he",
        "in": "id",
        "jp": "ja",
        "kr": "ko",
        "cn": "zh",
        "ua": "uk",
        "cz": "cs",
        "gr": "el",
    },
    **{"wuu": "zh", "yue": "zh", "cmn": "zh", "nb": "no", "nn": "no", "tl": "fil"},
}
"""ISO 639-2, codes that were withdrawn, countries that publishers give for their only language, and
languages that are filed under a wider one: Bokmål and Nynorsk, Wu, Cantonese and Mandarin."""
TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?$", re.DOTALL)
SCRIPTS = (  # letters that only a few languages are written with
    (re.compile("[぀-ヿ]"), "ja"),
    (re.compile("[가-힣]"), "ko"),
    (re.compile("[一-鿿]"), "zh"),
    (re.compile("[Ͱ-Ͽ]"), "el"),
    (re.compile("[֐-׿]"), "he"),
    (re.compile("[ก-๛]"), "th"),
)
CYRILLIC = re.compile("[Ѐ-ӿ]")
SAMPLE = 1200
"""Characters of a text that are looked at."""
BRIEF = 300
"""Characters that are enough where they bear out what the page declares."""
ENOUGH = 200
"""Letters that a text needs before its look outweighs what the page declares."""


def language_of(text: str, declared: Iterable[str | None]) -> str | None:
    """ISO 639-1 of the text. A declared language stands if nothing in the text speaks against
    it."""
    claims = [code for claim in declared if (code := language_code(claim))]
    sample = text[:SAMPLE]
    letters = sum(map(str.isalpha, sample))
    if letters < 20:
        return claims[0] if claims else None
    if not sample.isascii() and (script := _by_script(sample, letters)):
        return script
    if len(set(claims)) == 1 and letters < ENOUGH:
        return claims[0]
    # most pages declare what they are in
    if len(set(claims)) == 1 and _classify(sample[:BRIEF]) == (claims[0], True):
        return claims[0]
    seen, sure = _classify(sample)
    if seen in claims or not claims:
        return seen
    return seen if sure and letters >= ENOUGH else claims[0]


def language_code(raw: str | None) -> str | None:
    """ISO 639-1 of a language tag: `en-US` → en, `pt_BR` → pt, `eng` → en; None for what is no tag.

    Three letters stay where ISO 639-1 has no two for them: `fil`, `haw`.
    """
    match = TAG.match((raw or "").strip())
    code = match[1].lower() if match else ""
    code = OTHER_NAMES.get(code, code)
    return code if len(code) == 3 or code in CODES else None


def _by_script(sample: str, letters: int) -> str | None:
    for pattern, language in SCRIPTS:
        share = len(pattern.findall(sample)) / letters
        if share > (0.1 if language == "ja" else 0.4):
            return language
    return None


def _classify(sample: str) -> tuple[str | None, bool]:
    code, likelihood = _model().classify(sample)
    return language_code(code), likelihood > 0.95


@cache
def _model() -> Any:
    """Loaded once a process, by those that look at a text."""
    from crawler.text.language_model import language_model

    return language_model()
