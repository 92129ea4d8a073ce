"""Which language an article is in: what the page declares, checked against its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

CODE = re.compile(r"^[a-z]{2,3}(?=$|[-_])")
SAME = {
    "wuu": "zh",
    "yue": "zh",
    "cmn": "zh",
    "zho": "zh",
    "chi": "zh",
    "nb": "no",
    "nn": "no",
    "nor": "no",
    "iw": "he",
    "in": "id",
}
SAME |= {
    "eng": "en",
    "deu": "de",
    "ger": "de",
    "fra": "fr",
    "fre": "fr",
    "spa": "es",
    "por": "pt",
    "ita": "it",
    "rus": "ru",
    "jpn": "ja",
    "kor": "ko",
    "gr": "el",
    "jp": "ja",
    "cn": "zh",
    "kr": "ko",
    "ua": "uk",
    "cz": "cs",
    "tl": "fil",
}
SCRIPTS = (  # letters that only a few languages are written with
    (re.compile("[぀-ヿ]"), "ja"),
    (re.compile("[가-힣]"), "ko"),
    (re.compile("[一-鿿]"), "zh"),
    (re.compile("[Ͱ-Ͽ]"), "el"),
    (re.compile("[֐-׿]"), "he"),
    (re.compile("[ก-๛]"), "th"),
)
CYRILLIC = re.compile("[Ѐ-ӿ]")
ENOUGH = 200
"""Letters that a text needs before its look outweighs what the page declares."""


def language_of(text: str, declared: Iterable[str | None]) -> str | None:
    """ISO 639-1 of the text. A declared language stands if nothing in the text speaks against it."""
    claims = [code for claim in declared if (code := normal(claim))]
    sample = text[:3000]
    letters = sum(character.isalpha() for character in sample)
    if letters < 20:
        return claims[0] if claims else None
    if script := _by_script(sample, letters):
        return script
    if len(set(claims)) == 1 and letters < ENOUGH:
        return claims[0]
    seen, sure = _classify(sample)
    if seen in claims or not claims:
        return seen
    return seen if sure and letters >= ENOUGH else claims[0]


def normal(code: str | None) -> str | None:
    """A language tag as ISO 639-1: `en-CA`, `en_US`, `eng` → `en`; Wu and Cantonese are `zh`."""
    fits = CODE.match((code or "").strip().lower())
    if not fits:
        return None
    return SAME.get(fits[0], fits[0] if len(fits[0]) == 2 else None)


def _by_script(sample: str, letters: int) -> str | None:
    for pattern, language in SCRIPTS:
        share = len(pattern.findall(sample)) / letters
        if share > (0.1 if language == "ja" else 0.4):
            return language
    return None


def _classify(sample: str) -> tuple[str | None, bool]:
    code, likelihood = _model().classify(sample)
    return normal(code), likelihood > 0.95


@cache
def _model() -> Any:
    """py3langid's model, loaded once a process: it takes a while and some memory."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
