"""Decoding of a page's bytes, whatever charset the page declares.

UTF-8 with a few bytes in another charset is decoded as UTF-8, as browsers do: a footer that an old
system adds, a word in a script, a letter that was cut. A declaration that the bytes contradict is
ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trafilatura.utils import detect_encoding
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

UTF8_CHARSET = "utf-8"
ASCII_BYTES_RUN = re.compile(rb"<[^>]*>|[\x00-\x7f]{12,}")
HTML_LANG_BYTES = re.compile(rb"<html[^>]{0,300}?\blang\s*=\s*[\"']?([a-zA-Z]{2})", re.I)
INVISIBLE_MARKUP_BYTES = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)", re.I | re.S
)
NON_ASCII_RUN = re.compile(rb"[\x80-\xff]+")
"""Consecutive bytes beyond ASCII: a letter, a word, a sentence."""
UTF8_MULTIBYTE_RUN = re.compile(
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})++"
)
"""Characters of UTF-8 with several bytes."""
LONE_CONTINUATION_BYTE = re.compile(rb"[\x80-\xbf]")
"""A no-break space, a copyright sign or a quotation mark of an older charset.

It stands alone, so it does not show that the words around it are in that charset.
"""
MIN_UTF8_RATIO_DECLARED, MIN_UTF8_RATIO_UNDECLARED = 0.3, 1.0
"""Words in UTF-8 for each word in another charset, from which a page is UTF-8."""
MIN_UTF8_BYTE_SHARE = 0.9
"""The share of UTF-8 among all bytes beyond ASCII from which a page is UTF-8, too."""
ISO2022_ESCAPE = re.compile(rb"\x1b(?:\$[@AB]|\$\([CD]|\$\)C|\([BIJ])")
"""Escape sequences of ISO 2022, with which charsets of seven bits switch between alphabets.

No other page contains an escape character.
"""
SEVEN_BIT_CHARSETS = ("iso2022_jp_ext", "iso2022_jp_2", "iso2022_kr")
DOUBLE_BYTE_CHARSETS = {"ja": ("euc_jp", "cp932"), "ko": ("cp949",), "zh": ("gb18030", "big5")}
"""Language → charsets of its pages before UTF-8, the strictest first."""
CYRILLIC_CHARSETS = ("cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866"), "оеаинтсрвлкі"
WESTERN_CHARSETS_AND_LETTERS = (
    ("cp1252",),
    "àâäåáãæçèéêëìíîïñòóôöõøœùúûüßÀÂÄÅÁÇÈÉÊÍÑÓÔÖØÚÜ’‘“”„‚«»–—…·°©®€£§¿¡\xa0",
)
CENTRAL_EUROPEAN_CHARSETS = ("cp1250", "iso8859-2")
SINGLE_BYTE_CHARSETS = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk"), CYRILLIC_CHARSETS),
    "pl": (CENTRAL_EUROPEAN_CHARSETS, "ąćęłńóśźż"),
    "cs": (CENTRAL_EUROPEAN_CHARSETS, "áčďéěíňóřšťúůýž"),
    "sk": (CENTRAL_EUROPEAN_CHARSETS, "áäčďéíĺľňóôŕšťúýž"),
    "hu": (CENTRAL_EUROPEAN_CHARSETS, "áéíóöőúüű"),
    "sl": (CENTRAL_EUROPEAN_CHARSETS, "čšž"),
    "hr": (CENTRAL_EUROPEAN_CHARSETS, "čćđšž"),
    "ro": (CENTRAL_EUROPEAN_CHARSETS, "ăâîşţ"),
    "el": (("cp1253", "iso8859-7"), "αοιετσνηυρπκμλςωάέίόήύώΆΈΉΊΌΎΏ"),
    "tr": (("cp1254",), "çğıöşü"),
}
"""Language → charsets with one byte a letter, and the language's usual letters beyond ASCII.

The right charset is the one in which most bytes are such letters.
"""
MIN_USUAL_CYRILLIC_SHARE, MIN_USUAL_WESTERN_SHARE = 0.45, 0.93
"""The share of usual letters among bytes beyond ASCII from which the charset is Cyrillic, or
Windows-1252."""
UTF8_C1_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
"""U+0080 to U+009F in UTF-8: only pages that were encoded twice contain these characters."""
C1_AS_WINDOWS_1252 = {code: bytes((code,)).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
WESTERN_CHARSET_NAMES = {"cp1252", "iso8859-1", "latin-1", "iso8859-15", "windows-1252", "ascii"}
CHARSET_SAMPLE_BYTES = 20_000
ASCII_BYTES = bytes(range(0x80))


def decode_page(body: bytes, content_type: str | None = None) -> str:
    """Decode a page's bytes, which `content_type` describes (the value of the HTTP header).

    A byte order mark decides first, then the bytes themselves: if all or nearly all are UTF-8, they
    are decoded as UTF-8, whatever the page declares. Other pages are decoded in the first charset
    that fits the bytes: that of the HTTP header, the one that the page declares, the usual ones of
    its language, those that charset_normalizer detects.
    """
    charset_of_mark, mark = read_bom(body)
    if charset_of_mark and mark:
        return body[len(mark) :].decode(charset_of_mark, "replace")
    utf16 = _utf16_without_mark(body)
    if utf16:
        return body.decode(utf16, "replace")
    declared = _declared_charsets(body, content_type)
    text = _decode_seven_bits(body, declared)
    if text is not None:
        return text
    text = _decode_strictly(body, UTF8_CHARSET)
    if text is not None:
        return _undo_double_encoding(text) if UTF8_C1_CONTROL.search(body) else text
    if is_nearly_utf8(body, UTF8_CHARSET in declared):
        return body.decode(UTF8_CHARSET, "replace")
    for charset in _candidate_charsets(body, declared):
        text = _decode_strictly(body, charset)
        if text is not None:
            return text
    return body.decode(UTF8_CHARSET, "replace")


def _declared_charsets(body: bytes, content_type: str | None) -> list[str]:
    """Return the charsets that the HTTP header and the page declare, in this order."""
    claims = (http_content_type_encoding(content_type), html_body_declared_encoding(body))
    return [charset for charset in claims if charset]


def _undo_double_encoding(text: str) -> str:
    """Undo the second encoding of a page whose bytes were taken for Latin-1 and saved as UTF-8.

    Such a page has control characters for letters. Its bytes were UTF-8 if all of them are valid
    UTF-8, otherwise Windows-1252, as HTML reads references to these code points.
    """
    try:
        return text.encode("latin-1").decode(UTF8_CHARSET)
    except UnicodeError:
        return text.translate(C1_AS_WINDOWS_1252)


def _utf16_without_mark(body: bytes) -> str | None:
    """Return the charset of UTF-16 without a byte order mark; None for another charset.

    Every other byte of the markup is NUL.
    """
    head = body[:400]
    if head.count(0) * 3 < len(head):
        return None
    return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"


def _decode_seven_bits(body: bytes, declared: list[str]) -> str | None:
    """Decode a charset that switches between alphabets, as old Japanese mails and pages do.

    Return None if the bytes are in no such charset.
    """
    if "hz" in declared and b"~{" in body:
        return _decode_strictly(body, "hz")
    if not ISO2022_ESCAPE.search(body):
        return None
    claims = [charset for charset in declared if charset.startswith("iso2022")]
    for charset in (*claims, *SEVEN_BIT_CHARSETS):
        text = _decode_strictly(body, charset)
        if text is not None:
            return text
    return body.decode(claims[0], "replace") if claims else None


def is_nearly_utf8(body: bytes, declared: bool) -> bool:
    """Return whether bytes are UTF-8 that was cut, or that has a few bytes in another charset.

    The bytes of scripts and comments count only if there are no others. `declared` says that the
    page declares UTF-8.
    """
    visible = INVISIBLE_MARKUP_BYTES.sub(b" ", body)
    if not visible.translate(None, ASCII_BYTES):
        visible = body
    words = NON_ASCII_RUN.findall(visible)
    broken_words = [word for word in words if not UTF8_MULTIBYTE_RUN.fullmatch(word)]
    whole_count = len(words) - len(broken_words)
    foreign_count = sum(LONE_CONTINUATION_BYTE.fullmatch(word) is None for word in broken_words)
    least_ratio = MIN_UTF8_RATIO_DECLARED if declared else MIN_UTF8_RATIO_UNDECLARED
    if whole_count and whole_count >= foreign_count * least_ratio:
        return True
    utf8_bytes = sum(map(len, UTF8_MULTIBYTE_RUN.findall(visible)))
    return utf8_bytes > MIN_UTF8_BYTE_SHARE * sum(map(len, words))


def _candidate_charsets(body: bytes, declared: list[str]) -> Iterator[str]:
    """Yield the charsets that a page may be in, the most likely first."""
    yield from declared
    found = HTML_LANG_BYTES.search(body[:4000])
    language = found[1].decode().lower() if found else ""
    yield from DOUBLE_BYTE_CHARSETS.get(language, ())
    letters = b" ".join(part for part in ASCII_BYTES_RUN.split(body) if part)[:CHARSET_SAMPLE_BYTES]
    if language in SINGLE_BYTE_CHARSETS:
        yield likeliest_charset(letters, *SINGLE_BYTE_CHARSETS[language])[0]
    cyrillic, share = likeliest_charset(letters, *CYRILLIC_CHARSETS)
    if share >= MIN_USUAL_CYRILLIC_SHARE:
        yield cyrillic
    if likeliest_charset(letters, *WESTERN_CHARSETS_AND_LETTERS)[1] >= MIN_USUAL_WESTERN_SHARE:
        yield "cp1252"
    yield from detect_encoding(letters)
    yield "cp1252"


def likeliest_charset(sample: bytes, charsets: tuple[str, ...], usual: str) -> tuple[str, float]:
    """Return the charset in which most bytes beyond ASCII are usual letters, and their share."""
    high = sample.translate(None, ASCII_BYTES)
    shares = {charset: _usual_letter_share(high, charset, usual) for charset in charsets}
    best = max(shares, key=shares.__getitem__)
    return best, shares[best]


def _usual_letter_share(high: bytes, charset: str, usual: str) -> float:
    """Return the share of usual letters among the characters of bytes beyond ASCII."""
    text = high.decode(charset, "replace")
    return sum(map(text.count, usual)) / max(1, len(text))


def _decode_strictly(body: bytes, charset: str) -> str | None:
    """Decode bytes in a charset; None if they do not fit it or the letters fit no language."""
    try:
        # no web page is in EBCDIC, which detection takes random bytes for
        if b"<".decode(charset) != "<":
            return None
        text = body.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return None
    if charset.lower() not in WESTERN_CHARSET_NAMES:
        return text
    sample = text[:100_000]
    high = sum(character > "\x7f" for character in sample)
    return text if high * 5 < sum(character.isalpha() for character in sample) else None
