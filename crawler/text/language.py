"""The language of an article: the language that the page declares, checked against its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

ISO_639_1_TEXT = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es
et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj
kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nd ne ng nl no nr nv ny oc
oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk
tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
ISO_639_1_CODES = frozenset(ISO_639_1_TEXT.split())
"""The codes of ISO 639-1 (https://www.loc.gov/standards/iso639-2/), unlike `us` or `gb`."""
ISO_639_1_BY_OTHER_CODE = {
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
"""Other codes → ISO 639-1: ISO 639-2, withdrawn codes, and countries given as languages.

Some languages are filed under a wider one: Bokmål and Nynorsk, Wu, Cantonese and Mandarin.
"""
LANGUAGE_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?$", re.DOTALL)
SCRIPT_LANGUAGES = (  # letters that only a few languages are written with
    (re.compile("[぀-ヿ]"), "ja"),
    (re.compile("[가-힣]"), "ko"),
    (re.compile("[一-鿿]"), "zh"),
    (re.compile("[Ͱ-Ͽ]"), "el"),
    (re.compile("[֐-׿]"), "he"),
    (re.compile("[ก-๛]"), "th"),
)
LANGUAGE_SAMPLE_CHARS = 1200
"""Characters of a text that are classified."""
BRIEF_SAMPLE_CHARS = 300
"""Characters that are enough if they confirm the language that the page declares."""
MIN_DECISIVE_LETTERS = 200
"""Letters that a text must have to overrule the language that the page declares."""


def detect_language(text: str, declared: Iterable[str | None]) -> str | None:
    """Return the language of a text (ISO 639-1), or None if it is unknown.

    A declared language stands if nothing in the text speaks against it.
    """
    codes = [language_code(tag) for tag in declared]
    claims = [code for code in codes if code]
    sample = text[:LANGUAGE_SAMPLE_CHARS]
    letters = sum(map(str.isalpha, sample))
    if letters < 20:
        return claims[0] if claims else None
    language = _language_by_script(sample, letters)
    if language:
        return language
    if len(set(claims)) == 1 and _is_confirmed(claims[0], sample, letters):
        return claims[0]
    language, is_sure = _classify_language(sample)
    if language in claims or not claims:
        return language
    return language if is_sure and letters >= MIN_DECISIVE_LETTERS else claims[0]


def _is_confirmed(claim: str, sample: str, letters: int) -> bool:
    """Return whether a text is too short to deny the declared language, or a brief look confirms
    it.

    Most pages declare the right language, and a brief sample takes less time.
    """
    return letters < MIN_DECISIVE_LETTERS or _classify_language(sample[:BRIEF_SAMPLE_CHARS]) == (
        claim,
        True,
    )


def language_code(raw: str | None) -> str | None:
    """Return the ISO 639-1 code of a language tag; None if it is not a language tag.

    `en-US` → en, `pt_BR` → pt, `eng` → en. A code of three letters stays if ISO 639-1 has no
    equivalent of two: `fil`, `haw`.
    """
    match = LANGUAGE_TAG.match((raw or "").strip())
    code = match[1].lower() if match else ""
    code = ISO_639_1_BY_OTHER_CODE.get(code, code)
    return code if len(code) == 3 or code in ISO_639_1_CODES else None


def _language_by_script(sample: str, letters: int) -> str | None:
    """Return the language that a text's script alone shows, or None."""
    if sample.isascii():
        return None
    for pattern, language in SCRIPT_LANGUAGES:
        share = len(pattern.findall(sample)) / letters
        if share > (0.1 if language == "ja" else 0.4):
            return language
    return None


def _classify_language(sample: str) -> tuple[str | None, bool]:
    """Return the most likely language, and whether the model is sure of it."""
    code, likelihood = _language_model().classify(sample)
    return language_code(code), likelihood > 0.95


@cache
def _language_model() -> Any:
    """Return the language model, loaded once per process when the first text is classified."""
    from crawler.text.language_model import load_language_model

    return load_language_model()
