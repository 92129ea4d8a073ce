"""A page's bytes → its text: what they are written in, declared or not.

UTF-8 with a few bytes of something else stays UTF-8, as browsers read it: a footer that an old
system adds, a word in a script, a letter that was cut. A declaration that the bytes do not bear out
counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trafilatura.utils import detect_encoding
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

UTF8 = "utf-8"
ASCII_RUN = re.compile(rb"<[^>]*>|[\x00-\x7f]{12,}")
META_LANGUAGE = re.compile(rb"<html[^>]{0,300}?\blang\s*=\s*[\"']?([a-zA-Z]{2})", re.I)
UNSEEN = re.compile(rb"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)", re.I | re.S)
BEYOND = re.compile(rb"[\x80-\xff]+")
"""Bytes beyond ASCII that stand together: a letter, a word, a sentence."""
WHOLE = re.compile(
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})++"
)
"""Characters of UTF-8 that take several bytes."""
LONE_SIGN = re.compile(rb"[\x80-\xbf]")
"""A no-break space, a copyright sign, a quotation mark of an older charset: it tells of itself
alone."""
DECLARED_SHARE, UNDECLARED_SHARE = 0.3, 1.0
"""Words in UTF-8 for each that is in something else, from which a page is UTF-8."""
MOST_OF_BYTES = 0.9
"""The same of all bytes beyond ASCII, whatever words they stand in."""
ESCAPES = re.compile(rb"\x1b(?:\$[@AB]|\$\([CD]|\$\)C|\([BIJ])")
"""What charsets of seven bits switch between alphabets with; no other page has an escape
character."""
SEVEN_BITS = ("iso2022_jp_ext", "iso2022_jp_2", "iso2022_kr")
DOUBLE_BYTES = {"ja": ("euc_jp", "cp932"), "ko": ("cp949",), "zh": ("gb18030", "big5")}
"""What pages of a language were written in before UTF-8, the stricter first."""
CYRILLIC = ("cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866"), "оеаинтсрвлкі"
WESTERN_USUAL = (
    ("cp1252",),
    "àâäåáãæçèéêëìíîïñòóôöõøœùúûüßÀÂÄÅÁÇÈÉÊÍÑÓÔÖØÚÜ’‘“”„‚«»–—…·°©®€£§¿¡\xa0",
)
CENTRAL = ("cp1250", "iso8859-2")
SINGLE_BYTES = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk"), CYRILLIC),
    "pl": (CENTRAL, "ąćęłńóśźż"),
    "cs": (CENTRAL, "áčďéěíňóřšťúůýž"),
    "sk": (CENTRAL, "áäčďéíĺľňóôŕšťúýž"),
    "hu": (CENTRAL, "áéíóöőúüű"),
    "sl": (CENTRAL, "čšž"),
    "hr": (CENTRAL, "čćđšž"),
    "ro": (CENTRAL, "ăâîşţ"),
    "el": (("cp1253", "iso8859-7"), "αοιετσνηυρπκμλςωάέίόήύώΆΈΉΊΌΎΏ"),
    "tr": (("cp1254",), "çğıöşü"),
}
"""The same where a byte is a letter, each language with its usual letters beyond ASCII: where there
are more of them, the charset is right."""
USUAL, USUAL_WESTERN = 0.45, 0.93
"""Share of usual letters among bytes beyond ASCII from which they are Cyrillic, or those of western
Europe."""
CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
"""U+0080 to U+009F in UTF-8: no page has them, but those that were encoded twice."""
WINDOWS = {code: bytes((code,)).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
WESTERN = {"cp1252", "iso8859-1", "latin-1", "iso8859-15", "windows-1252", "ascii"}
SAMPLE = 20_000
ASCII = bytes(range(0x80))


def decode(body: bytes, content_type: str | None = None) -> str:
    """The text of a page's bytes. Bytes that are UTF-8, all but a few, are UTF-8, whatever the page
    declares.

    Then, as long as the bytes agree: the HTTP header, the page's own declaration, what its language
    was written in, and what charset_normalizer sees in its letters.
    """
    mark, bom = read_bom(body)
    if mark and bom:
        return body[len(bom) :].decode(mark, "replace")
    if wide := _wide(body):
        return body.decode(wide, "replace")
    declared = [
        charset
        for charset in (http_content_type_encoding(content_type), html_body_declared_encoding(body))
        if charset
    ]
    if (text := _of_seven_bits(body, declared)) is not None:
        return text
    if (text := _strictly(body, UTF8)) is not None:
        return _encoded_once(text) if CONTROL.search(body) else text
    if is_nearly_utf8(body, UTF8 in declared):
        return body.decode(UTF8, "replace")
    for charset in _candidates(body, declared):
        if (text := _strictly(body, charset)) is not None:
            return text
    return body.decode(UTF8, "replace")


def _encoded_once(text: str) -> str:
    """A page with control characters for letters, as it was before somebody took its bytes for
    Latin-1 and saved it.

    They were UTF-8 if all of them are; else Windows-1252, as which HTML reads such numbers.
    """
    try:
        return text.encode("latin-1").decode(UTF8)
    except UnicodeError:
        return text.translate(WINDOWS)


def _wide(body: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of the mark-up is NUL."""
    head = body[:400]
    if head.count(0) * 3 < len(head):
        return None
    return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"


def _of_seven_bits(body: bytes, declared: list[str]) -> str | None:
    """The text of a charset that switches between alphabets, as mail and old pages of Japan are
    written in."""
    if "hz" in declared and b"~{" in body:
        return _strictly(body, "hz")
    if not ESCAPES.search(body):
        return None
    said = [charset for charset in declared if charset.startswith("iso2022")]
    texts = (_strictly(body, charset) for charset in (*said, *SEVEN_BITS))
    found = next((text for text in texts if text is not None), None)
    return body.decode(said[0], "replace") if found is None and said else found


def is_nearly_utf8(body: bytes, declared: bool) -> bool:
    """Whether bytes are UTF-8 that was cut or has a few bytes of something else in it.

    Those of scripts and comments count only where there are no others.
    """
    seen = UNSEEN.sub(b" ", body)
    if not seen.translate(None, ASCII):
        seen = body
    words = BEYOND.findall(seen)
    whole = sum(WHOLE.fullmatch(word) is not None for word in words)
    others = sum(
        WHOLE.fullmatch(word) is None and LONE_SIGN.fullmatch(word) is None for word in words
    )
    if whole and whole >= others * (DECLARED_SHARE if declared else UNDECLARED_SHARE):
        return True
    return sum(map(len, WHOLE.findall(seen))) > MOST_OF_BYTES * sum(map(len, words))


def _candidates(body: bytes, declared: list[str]) -> Iterator[str]:
    yield from declared
    found = META_LANGUAGE.search(body[:4000])
    language = found[1].decode().lower() if found else ""
    yield from DOUBLE_BYTES.get(language, ())
    letters = b" ".join(part for part in ASCII_RUN.split(body) if part)[:SAMPLE]
    if language in SINGLE_BYTES:
        yield likeliest(letters, *SINGLE_BYTES[language])[0]
    cyrillic, share = likeliest(letters, *CYRILLIC)
    if share >= USUAL:
        yield cyrillic
    if likeliest(letters, *WESTERN_USUAL)[1] >= USUAL_WESTERN:
        yield "cp1252"
    yield from detect_encoding(letters)
    yield "cp1252"


def likeliest(sample: bytes, charsets: tuple[str, ...], usual: str) -> tuple[str, float]:
    """The charset, of several, in which most bytes beyond ASCII are usual letters, and the share of
    those."""
    high = sample.translate(None, ASCII)
    shares = {charset: _share(high, charset, usual) for charset in charsets}
    best = max(shares, key=shares.__getitem__)
    return best, shares[best]


def _share(high: bytes, charset: str, usual: str) -> float:
    text = high.decode(charset, "replace")
    return sum(map(text.count, usual)) / max(1, len(text))


def _strictly(body: bytes, charset: str) -> str | None:
    """The decoded text, or None where the bytes do not agree or the letters are no language's."""
    try:
        if b"<".decode(charset) != "<":  # no web page is in EBCDIC; detection finds it in noise
            return None
        text = body.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return None
    if charset.lower() not in WESTERN:
        return text
    sample = text[:100_000]
    high = sum(character > "\x7f" for character in sample)
    return text if high * 5 < sum(character.isalpha() for character in sample) else None
