"""An archive that is served to hostile visitors, and with what a hostile page left in it."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from archive.plugin.guards import concurrency, middleware, sql_limits
from archive.plugin.guards.csv_safety import RowAssembler, safe_csv_rows
from archive.plugin.routes import PAGE_PATHS_PATTERN
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from bench.visitors import Server, attacks
from tests.archive.conftest import MOMENT, add_article
from tests.archive.room import STORY, furnish
from tests.archive.served import getter
from tests.patience import patient

# -- SQL -------------------------------------------------------------------------------------------


@pytest.fixture
def limited() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        sql_limits.limit_connection(connection)
        yield connection


@pytest.mark.parametrize(
    "call",
    ["randomblob(9)", "zeroblob(9)", "printf('x')", "format('x')", "load_extension('x')", "json_patch('{}', '{}')",
     "fts3_tokenizer('x')", "sqlite_log(1, 'x')", "RandomBlob(9)"],
)  # fmt: skip
def test_functions_that_make_much_of_nothing_are_refused(
    limited: sqlite3.Connection, call: str
) -> None:
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        limited.execute(f"select {call}")


@pytest.mark.parametrize("function", ["snippet(t, 0, '', '', '', 9)", "highlight(t, 0, '', '')"])
def test_functions_that_take_hours_on_a_hostile_text_are_refused(
    limited: sqlite3.Connection, function: str
) -> None:
    limited.execute("create virtual table t using fts5(a)")
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        limited.execute(f"select {function} from t where t match 'a'")


def test_a_function_that_a_later_sqlite_brings_is_refused_and_one_of_a_program_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sql_limits, "built_in_functions", lambda: frozenset({"make_much", "lower"}))
    assert not sql_limits.may_call_function("make_much")
    assert sql_limits.may_call_function("lower")
    assert sql_limits.may_call_function("jellyfish")


@pytest.mark.parametrize(
    "statement",
    ["pragma journal_mode = delete", "pragma hard_heap_limit = 1", "pragma cache_size = -9000000",
     "pragma temp_store_directory = '/'", "pragma integrity_check", "attach ':memory:' as x"],
)  # fmt: skip
def test_settings_are_nobodys(limited: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        limited.execute(statement)


def test_where_the_file_lies_is_not_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        sql_limits.limit_connection(connection)
        assert [
            tuple(row) for row in connection.execute("select name, file from pragma_database_list")
        ] == [("main", None)]
        assert connection.execute("pragma table_info(x)").fetchall() == []


TEXTS = st.text(alphabet="ab éx\t", max_size=12) | st.none() | st.integers(-99, 99)


@pytest.mark.slow
@given(TEXTS, TEXTS, TEXTS)
def test_the_functions_in_place_of_sqlites_do_the_same(where: Any, old: Any, new: Any) -> None:
    calls = "select instr(?1, ?2), replace(?1, ?2, ?3), trim(?1), trim(?1, ?2), ltrim(?1, ?2), rtrim(?1, ?2), rtrim(?1)"
    with (
        closing(sqlite3.connect(":memory:")) as plain,
        closing(sqlite3.connect(":memory:")) as ours,
    ):
        sql_limits.limit_connection(ours)
        assert tuple(ours.execute(calls, [where, old, new]).fetchone()) == tuple(
            plain.execute(calls, [where, old, new]).fetchone()
        )


@pytest.mark.parametrize(
    "call",
    [
        "instr(:x || :x, :x || 'b')",
        "length(replace(:x || :x, :x || 'b', ''))",
        "length(trim(:x, 'bcda'))",
    ],
)
@pytest.mark.timeout(60)
def test_a_function_on_long_texts_ends(limited: sqlite3.Connection, call: str) -> None:
    """SQLite's own instr takes minutes for these: nothing stops a single call."""
    limited.execute(f"select {call}", {"x": "a" * 4_000_000}).fetchone()


# Datasette has them printed
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_grows_beyond_a_value_is_refused_before_it_is_made(
    limited: sqlite3.Connection,
) -> None:
    for call in ("replace(:x, 'a', :x)", "trim(:x, :many)"):
        with pytest.raises(sqlite3.OperationalError):
            limited.execute(
                f"select {call}", {"x": "a" * 900_000, "many": "".join(map(chr, range(300, 900)))}
            )


@pytest.mark.parametrize(
    ("sql", "most"),
    [
        ("select 'a' like '" + "%a" * 60 + "'", "too complex"),
        ("select " + "+".join("1" * 400), "too large"),
        ("select 1" + " union select 1" * 60, "too many terms"),
        ("select " + ", ".join("1" * 300), "too many columns"),
        ("select '" + "x" * 60_000 + "'", "too"),
        ("select hex(hex(hex(hex(:x))))", "too big"),
    ],
)
def test_a_statement_has_its_bounds(limited: sqlite3.Connection, sql: str, most: str) -> None:
    with pytest.raises((sqlite3.OperationalError, sqlite3.DataError), match=most):
        limited.execute(sql, {"x": "x" * 2_000_000} if ":x" in sql else {})


def test_an_answer_has_its_bounds_and_the_next_one_begins_anew(limited: sqlite3.Connection) -> None:
    rows = (
        "with recursive n(i) as (select 1 union all select i + 1 from n limit {}) select {} from n"
    )
    for much in (
        rows.format(20, ":long"),
        rows.format(20, "cast(:long as blob)"),
        rows.format(1000, "i, " * 60 + "i"),
    ):
        with pytest.raises(sqlite3.OperationalError, match="the answer"):
            limited.execute(much, {"long": "x" * 900_000}).fetchall()
        assert (
            len(limited.execute(rows.format(5, ":long"), {"long": "x" * 900_000}).fetchall()) == 5
        )


@pytest.mark.parametrize(
    ("value", "bytes_"), [("a" * 1000, 1), ("é" * 1000, 2), ("首" * 1000, 2), ("\x01" * 1000, 2)]
)
def test_a_value_weighs_what_it_becomes(value: str, bytes_: int) -> None:
    assert sql_limits._value_weight(value) == pytest.approx(bytes_ * 1000, rel=0.1)


BOMB = """
import re, sqlite3
from pathlib import Path
from archive.plugin.guards.sql_limits import limit_connection, limit_heap
assert limit_heap()
connection = sqlite3.connect(":memory:")
limit_connection(connection)
nested = ", ".join(f"a{n + 1} as (select p.x from a{n} p, a{n} q)" for n in range(24))
values = ", ".join(f"x || {n}" for n in range(90))
grow = "with recursive s(x) as (select 'aaaaaaaaaa' union all select x || x from s where length(x) < 5000000)"
for bomb in (
    f"with a0 as (select 1 x), {nested} select count(*) from a24",
    f"{grow}, b(x) as (select x from s order by length(x) desc limit 1) select {values} from b",
):
    try:
        connection.execute(bomb).fetchall()
    except (MemoryError, sqlite3.DataError):
        print("refused")
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of the memory on Linux alone")
def test_what_sqlite_holds_in_a_process_is_bounded() -> None:
    """Common tables that double 24 times take gigabytes before a statement even runs."""
    done = subprocess.run(
        [sys.executable, "-c", BOMB],
        capture_output=True,
        text=True,
        check=True,
        timeout=patient(100),
    )
    *refused, most = done.stdout.split()
    assert refused == ["refused"] * 2
    assert int(most) < 250_000


# -- requests --------------------------------------------------------------------------------------


def scope(
    path: str = "/", query: bytes = b"", method: str = "GET", **headers: str
) -> dict[str, Any]:
    named = {"host": "localhost"} | headers
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query,
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in named.items()
        ],
    }


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (scope("/archive/articles", b"_size=250"), 0),
        (scope("/archive/articles.json", b"_size=max"), 0),
        (scope("/archive/articles", b"_size=max"), 400),
        (scope("/archive/articles", b"_size=251"), 400),
        (scope("/a" * 3000), 414),
        (scope("/", b"x" * 13_000), 414),
        (scope("/", b"&".join([b"_where=1"] * 200)), 414),
        (scope("/\\a.example/"), 404),
        (scope("/%5Ca.example/"), 404),
        (scope("//a.example/"), 404),
        (scope("/\xff"), 404),
        (scope(cookie="x" * 40_000), 431),
        (scope(host="a.example/x"), 400),
        (scope(host="a.example\r\nx: y"), 400),
        (scope(host="[::1]:8001"), 0),
        (scope(content_length="2000000"), 413),
        (scope(content_length="-1"), 413),
        (scope(method="POST", content_type="multipart/form-data; boundary=x"), 415),
    ],
)
def test_a_request_of_no_sound_form_is_refused(asked: dict[str, Any], status: int) -> None:
    assert middleware.request_refusal(asked)[0] == status


def run(app: Any, asked: dict[str, Any], *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """What an application answers, its status, headers and body."""
    events: list[Any] = []
    given = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]

    async def receive() -> Any:
        if given:
            return given.pop(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Any) -> None:
        events.append(event)

    asyncio.run(app(asked, receive, send))
    headers = {name.decode(): value.decode() for name, value in events[0]["headers"]}
    return events[0]["status"], headers, b"".join(event.get("body", b"") for event in events[1:])


async def reads_all(asked: Any, receive: Any, send: Any) -> None:
    size = 0
    while True:
        event = await receive()
        size += len(event["body"])
        if not event["more_body"]:
            break
    await middleware.send_text_answer(send, 200, str(size))


def test_no_more_is_read_than_a_form_has() -> None:
    app = middleware.with_sound_requests(reads_all, ())
    assert run(app, scope(method="POST"), *[b"x" * 65_536] * 10)[2] == b"655360"
    assert run(app, scope(method="POST"), *[b"x" * 65_536] * 100)[0] == 413


def test_a_form_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "BODY_TIMEOUT_SECONDS", 0.05)

    async def never() -> Any:
        await asyncio.sleep(60)

    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    asyncio.run(middleware.with_sound_requests(reads_all, ())(scope(method="POST"), never, send))
    assert sent[0]["status"] == 408


class Settings:
    """As much of a Datasette as lanes ask for."""

    def setting(self, name: str) -> Any:
        return {"base_url": "/", "sql_time_limit_ms": 200}[name]

    async def invoke_startup(self) -> None:
        pass


async def slow(asked: Any, receive: Any, send: Any) -> None:
    if not asked["path"].startswith("/archive/-/"):
        await asyncio.sleep(60)
    await middleware.send_text_answer(send, 200, "read")


def test_slow_requests_are_told_so_in_time_and_a_reader_does_not_wait_for_them() -> None:
    app = concurrency.with_request_lanes(slow, Settings(), PAGE_PATHS_PATTERN)

    answered: list[str] = []

    async def one(path: str) -> int:
        sent: list[Any] = []

        async def send(event: Any) -> None:
            sent.append(event)

        await app(scope(path), None, send)
        answered.append(path)
        return int(sent[0]["status"])

    async def all_at_once() -> Any:
        waiting = [asyncio.create_task(one("/archive?sql=x")) for _ in range(20)]
        await asyncio.sleep(0)
        reader = await one("/archive/-/stories")
        return reader, [await each for each in waiting]

    status, others = asyncio.run(all_at_once())
    assert (status, answered[0]) == (200, "/archive/-/stories")
    assert set(others) == {503}, "told so before what they asked for was there"


def test_an_answer_that_has_begun_may_take_its_time() -> None:
    async def streams(asked: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.5)
        await send({"type": "http.response.body", "body": b"all"})

    assert (
        run(
            concurrency.with_request_lanes(streams, Settings(), PAGE_PATHS_PATTERN),
            scope("/archive/articles.csv", b"_stream=on"),
        )[2]
        == b"all"
    )


# -- answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "elsewhere"),
    [("//a.example", True), ("/\\a.example", True), ("\\\\a.example", True), ("/\t/a.example", True), ("/ /a", True),
     ("/archive", False), ("/archive//x", False), ("https://login.example/", False), ("?x", False)],
)  # fmt: skip
def test_no_answer_leads_to_another_host_without_saying_so(location: str, elsewhere: bool) -> None:
    assert middleware.leads_to_another_host(location) == elsewhere

    async def redirects(asked: Any, receive: Any, send: Any) -> None:
        await middleware.send_text_answer(send, 302, "", location=location)

    status, headers, _ = run(middleware.with_security_headers(redirects), scope())
    assert (status, "location" in headers) == ((404, False) if elsewhere else (302, True))


def test_an_error_tells_nothing_of_the_machine() -> None:
    async def fails(asked: Any, receive: Any, send: Any) -> None:
        await middleware.send_text_answer(send, 500, "No such file: /home/mara/archive.db")

    async def breaks(asked: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("/home/mara/archive.db")

    for app in (fails, breaks):
        status, headers, body = run(middleware.with_security_headers(app), scope())
        assert (status, body) == (500, middleware.SERVER_ERROR_MESSAGE)
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["/archive", "/archive/articles", "/archive/search?words=ferry", "/nothing"]
)
def test_a_script_runs_only_if_it_stood_in_a_template(folder: Path, path: str) -> None:
    answer = getter(furnish(folder) / "archive.db")(path)
    scripts = re.search("script-src ([^;]+)", answer.headers["content-security-policy"])
    assert scripts
    assert "unsafe-inline" not in scripts[1]
    words = re.findall(r"'nonce-([^']+)'", scripts[1])
    tags = re.findall(r"<script[^>]*>", answer.text)
    assert tags
    assert all(may_run(tag, words) for tag in tags)
    again = getter(folder / "archive.db")(path).headers["content-security-policy"]
    assert words == [] or again != answer.headers["content-security-policy"]


def may_run(tag: str, nonces: Iterable[str]) -> bool:
    """True for the start tag of a script with a nonce of the answer, or of one of our files."""
    is_ours = re.search(r'src="/-/static-plugins/dateline/\w+\.js\?\w+"', tag) is not None
    return is_ours or any(f'nonce="{word}"' in tag for word in nonces)


def test_a_visitors_mistake_is_no_failure_of_the_server(folder: Path) -> None:
    get = getter(folder / "archive.db")
    for path in (
        "/archive/articles?_sort=nothing",
        "/archive/articles?_timelimit=x",
        "/archive/outlets/" + "9" * 30,
    ):
        answer = get(path, follow_redirects=True)
        assert answer.status_code in (400, 404), path


def test_what_takes_more_memory_than_there_is_is_refused_in_a_sentence() -> None:
    from archive.plugin.error_pages import visitor_error

    assert visitor_error(MemoryError()) == "The query needs more memory than this server allows."
    assert visitor_error(KeyError("x")) is None


def test_texts_too_long_to_compare_in_a_visitors_time_are_not_compared(folder: Path) -> None:
    with sqlite3.connect(furnish(folder) / "archive.db") as connection:
        connection.execute("UPDATE articles SET text = ? WHERE id = 7", ["a " * 150_000])
        connection.execute(
            "UPDATE revisions SET text = ? WHERE article_id = 8 AND number = 2", ["a " * 150_000]
        )
    get = getter(folder / "archive.db")
    for path in ("/archive/articles/1/beside/7", "/archive/articles/8/revisions/2"):
        assert get(path).status_code == 413, path
    assert get("/archive/articles/1/beside/2").status_code != 413


# -- spreadsheets ----------------------------------------------------------------------------------

FORMULAS = ["=1+1", "+1+1", "-1-cmd", "@SUM(A1)", "\t=1", "\r=1", "=a,b", '="a"', "=a\nb", "＝1"]
HARMLESS = ["-5", "+3.25", "-1e9", "", "a=1", "it's", 'say "=x"', "a,=b", "a\r\n=b", "0-1"]


def as_csv(rows: list[list[str]]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue()


def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe_and_others_stay() -> None:
    rows = list(csv.reader(io.StringIO(safe_csv_rows(as_csv([FORMULAS, HARMLESS])), newline="")))
    assert rows == [["'" + cell for cell in FORMULAS], HARMLESS]


@given(
    st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=3), max_size=4), st.integers(1, 9)
)
def test_a_table_in_pieces_is_as_safe_as_a_whole_one(rows: list[list[str]], size: int) -> None:
    text = as_csv(rows)
    sent, given = RowAssembler(), text.encode("utf-8", "replace")
    pieces = [given[at : at + size] for at in range(0, len(given), size)]
    out = b"".join(sent.safe(piece, True) for piece in pieces) + sent.safe(b"", False)
    assert out.decode() == safe_csv_rows(given.decode())
    for row in csv.reader(io.StringIO(out.decode(), newline="")):
        assert not any(cell[:1] in "=@" for cell in row if cell)


@pytest.mark.parametrize(
    "path", ["/archive/articles.csv", "/archive/articles.csv?_stream=on", "/archive/newest.csv"]
)
def test_datasettes_tables_are_safe_in_a_spreadsheet(folder: Path, path: str) -> None:
    with sqlite3.connect(folder / "archive.db") as connection:
        connection.execute('UPDATE articles SET headline = \'=HYPERLINK("https://a.example","x")\'')
    answer = getter(folder / "archive.db")(path)
    cells = [cell for row in csv.reader(io.StringIO(answer.text, newline="")) for cell in row]
    assert '\'=HYPERLINK("https://a.example","x")' in cells
    assert not [cell for cell in cells if cell.startswith("=")]
    assert any(re.fullmatch(r"\d+", cell) for cell in cells)


# -- what a hostile page left ----------------------------------------------------------------------

EVIL = (
    """</script><script>alert(1)</script><svg onload=alert(2)><img src=x onerror=alert(3)>"'`{{7*7}}"""
    "${7*7}]]><a href='javascript:alert(4)'>x</a></title></style></textarea>\u2028\u202e<!--"
)
EVIL_URLS = (
    "javascript:alert(1)//https://a.example",
    f"https://evil.example/{EVIL}",
    "data:text/html,<script>1</script>",
)
COLUMNS = (
    "headline",
    "standfirst",
    "byline",
    "agency",
    "dateline",
    "section",
    "published_raw",
    "modified_raw",
    "page_title",
)


@pytest.fixture
def hostile(folder: Path) -> Path:
    """An archive each text of which is hostile: articles, copies, changes, outlets, the story, its
    terms, reasons."""
    connection = open_database(furnish(folder) / "archive.db", ARCHIVE_SCHEMA)
    connection.execute(
        f"UPDATE articles SET {', '.join(f'{name} = :evil' for name in COLUMNS)}", {"evil": EVIL}
    )
    connection.execute(
        "UPDATE articles SET text = ?1 || char(10) || text || id, language = ?1", [EVIL]
    )
    connection.execute(
        "UPDATE articles SET authors = json_array(?1, ?1), url = url || ?1 WHERE id <> 6", [EVIL]
    )
    for id, url in enumerate(EVIL_URLS, start=20):
        add_article(connection, id, {"outlet_id": 1, "headline": EVIL, "published_at": EVIL, "text": f"strike {EVIL}",
                                     "url": url, "language": "en", "published_raw": EVIL})  # fmt: skip
        connection.execute(
            """INSERT INTO story_articles (story_id, article_id, probability, tier, terms, found_at)
               VALUES (1, ?, 0.95, 'sure', ?, ?)""",
            [id, f'["{"x" * 3}", "<script>alert(5)</script>"]', MOMENT],
        )
    connection.execute("UPDATE outlets SET name = ?1, language = ?1", [EVIL])
    connection.execute("UPDATE stories SET title = ?1, terms = json_array(?1), words = ?1", [EVIL])
    connection.execute("UPDATE event_articles SET terms = json_array(?1)", [EVIL])
    connection.execute(
        "UPDATE revisions SET headline = ?1 || number, text = ?1 || char(10) || text || number",
        [EVIL],
    )
    connection.execute("UPDATE urls SET reason = ?1 WHERE reason IS NOT NULL", [EVIL])
    connection.execute("UPDATE crawls SET reason = ?1", [EVIL])
    connection.close()
    return folder


OWN_PAGES = (
    "/", "/archive/articles/1", "/archive/articles/20", "/archive/articles/21", "/archive/articles/1/beside/7",
    "/archive/articles/8/revisions", "/archive/articles/8/revisions/2", "/archive/-/stories",
    f"/archive/-/story/{STORY}", "/archive/-/outlets", "/archive/-/outlet/ridge.example",
    "/archive/-/outlet/harbour.example",
    "/archive/-/search?words=strike", "/archive/-/search?words=%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "/archive/-/search?words=strike&outlet=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "/archive/-/questions", "/archive/-/tables",
    f"/archive/-/story/{STORY}?outlet=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&since=%22onfocus=alert(1)%20x=%22",
    f"/archive/-/story/{STORY}.html",
)  # fmt: skip
DATASETTES = (
    "/archive", "/archive/articles", "/archive/articles?_facet=byline&_search=strike", "/archive/coverage",
    "/archive/stories", "/archive/stories/1", "/archive/revisions", "/archive/urls",
    "/archive/search?words=strike", "/archive/newest",
    "/archive/bylines", "/archive/failed", "/archive/stealth_headlines", "/archive/weak_matches", "/archive/outlets/1",
    "/archive/articles?_sort=%3Cscript%3Ealert(1)%3C/script%3E",
    "/archive?sql=select+'%3Cscript%3Ealert(1)%3C/script%3E'",
    "/%3Cscript%3Ealert(1)%3C/script%3E", "/archive/%3Cscript%3Ealert(1)%3C%2fscript%3E",
)  # fmt: skip


def unsafe(page: str, own_scripts: bool) -> list[str]:
    """What in a page would run, or lead to a script: elements and attributes as a browser reads
    them."""
    found = []
    for element in html.document_fromstring(page).iter(etree.Element):
        tag = etree.tostring(element, encoding="unicode").partition(">")[0]
        is_data = element.get("type") == "application/ld+json"
        if element.tag == "script" and not (own_scripts or is_data or may_run(tag, ())):
            found.append("script")
        if (
            element.tag == "script"
            and not is_data
            and "alert(" in (element.text or "")
            and "<\\/" not in (element.text or "")
        ):
            found.append(f"script: {element.text}")
        for name, value in element.attrib.items():
            if name.startswith("on") and value != "openColumnChooser()":
                found.append(f"{element.tag} {name}={value}")
            if name in ("href", "src", "action", "formaction") and re.match(
                r"\s*(javascript|data|vbscript):", value, re.I
            ):
                found.append(f"{element.tag} {name}={value}")
    return found


@pytest.mark.slow
def test_no_text_of_a_page_runs_on_any_page_of_the_archive(hostile: Path) -> None:
    get = getter(hostile / "archive.db")
    for path in OWN_PAGES:
        answer = get(path)
        assert answer.status_code == 200, path
        assert unsafe(answer.text, own_scripts=False) == [], path
        assert "49" not in re.findall(r"\{\{7\*7\}\}|\b49\b", answer.text), path


@pytest.mark.slow
def test_no_text_of_a_page_runs_on_datasettes_own(hostile: Path) -> None:
    get = getter(hostile / "archive.db")
    for path in DATASETTES:
        answer = get(path, follow_redirects=True)
        if answer.headers["content-type"].startswith("text/html"):
            nonces = set(re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"]))
            tags = re.findall(r"<script[^>]*>", answer.text)
            assert all(may_run(tag, nonces) for tag in tags), path
            assert unsafe(answer.text, own_scripts=True) == [], path


def test_a_feed_of_hostile_texts_is_sound_xml_without_markup(hostile: Path) -> None:
    answer = getter(hostile / "archive.db")(f"/archive/-/story/{STORY}.atom")
    feed = etree.fromstring(answer.content)
    assert {etree.QName(element).namespace for element in feed.iter()} == {
        "http://www.w3.org/2005/Atom"
    }
    assert {element.get("type") for element in feed.iter("{*}summary")} == {"text"}
    links = [element.get("href") for element in feed.iter("{*}link")]
    assert all(re.match(r"https?://", link) for link in links)


def test_files_of_hostile_texts_are_saved_and_never_shown(hostile: Path) -> None:
    get = getter(hostile / "archive.db")
    for form in ("html", "md", "txt", "csv"):
        headers = get(f"/archive/-/story/{STORY}.{form}").headers
        assert headers["content-disposition"].startswith("attachment")
        assert "sandbox" in headers["content-security-policy"]
    assert (
        get(f"/archive/-/story/{STORY}.json").headers["content-type"].startswith("application/json")
    )


def test_json_is_never_taken_for_a_page(hostile: Path) -> None:
    answer = getter(hostile / "archive.db")("/archive/articles/20.json?_shape=objects")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_page_as_it_came_is_saved_where_somebody_serves_the_captures(folder: Path) -> None:
    """`dateline serve` does not; the file may be opened with Datasette beside the archive."""
    datasette = Datasette([str(folder / "archive.db"), str(folder / "captures.db")])

    async def asked() -> Any:
        tables = (await datasette.client.get("/captures.json")).json()["tables"]
        assert any(table["name"] == "bodies" for table in tables)
        rows = (await datasette.client.get("/captures/bodies.json?_shape=objects")).json()["rows"]
        key = next(iter(rows[0].values()))
        return await datasette.client.get(f"/captures/bodies/{key}.blob?_blob_column=body")

    answer = asyncio.run(asked())
    assert answer.headers["content-type"] == "application/binary"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


# -- all of it, as a process -----------------------------------------------------------------------

CHOSEN = (
    "randomblob", "LIKE with many %", "doubling", "sixty long values", "instr, quadratic", "group_concat of all texts",
    "cross join", "endless recursion", "common tables, doubled", "2,000 columns", "400 unions", "_where 1",
    "too many _where", "many facets", "_size max", "_next, garbage", "_search raw, nested", "stream", "a long form",
    "a form said to be long", "a form in endless pieces", "parts without end", "many headers", "a longer header",
    "two Hosts", "deep", "deeper", "per cents", "up, encoded", "another host, backslash", "no HTTP", "broken",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("how", [[], ["--public"]], ids=["plain", "public"])
def test_a_server_outlives_hostile_requests_within_its_memory(folder: Path, how: list[str]) -> None:
    """The figures of all of them, on a large archive, are in `bench/visitors.py`; busy machines are
    given time here."""
    known = {attack.name: attack for attack in attacks()}
    with Server(furnish(folder), *how) as server:
        for name in CHOSEN:
            answer = server.ask(known[name], patience=patient(30))
            assert answer.status != 500, name
            assert answer.seconds < patient(30), f"{name}: no answer, and no end of the connection"
        assert server.alive
        if sys.platform == "linux":
            assert server.most_memory() < 300
