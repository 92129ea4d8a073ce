"""More than two hundred hostile requests to a server: response times and memory.

Each request is sent alone, to plain `dateline serve` and to `--public`, and then twenty slow ones
at once beside a normal reader. The archive is a smaller one of `bench.serve` with two articles of
two million letters. The server is a separate process; its memory is the peak (VmHWM, Linux).
"""

# ruff: noqa: E501  SQL and addresses, a line each

from __future__ import annotations

import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.unspaced import bigrams
from bench import serve
from bench.figures import Figure

ARTICLES = 20_000
SECONDS = 2
MOST = 300
"""Bound of the server's memory in MB."""
AT_ONCE = 20

# -- hostile requests ------------------------------------------------------------------------------

GROW = "with recursive s(x) as (select 'aaaaaaaaaa' union all select x || x from s where length(x) < {most}) "
LONGEST = "b(x) as (select x from s order by length(x) desc limit 1)"
COUNT = "n(i) as (select 1 union all select i + 1 from n limit {most})"


def grown(most: int, rest: str) -> str:
    """Return SQL on a text with that many letters, `x` of `b`."""
    return GROW.format(most=most) + f", {LONGEST} {rest}"


def statements() -> dict[str, str]:
    """Return SQL statements that use much memory or time, each in a different way."""
    many = COUNT.format(most=1_000_000)
    every = ", ".join(f"x || {number}" for number in range(60))
    nested = ", ".join(f"a{n + 1} as (select p.x from a{n} p, a{n} q)" for n in range(24))
    return {
        "randomblob": "select randomblob(1000000000)",
        "zeroblob": "select length(hex(zeroblob(900000000)))",
        "printf": "select printf('%.*c', 900000000, 'x')",
        "format": "select format('%900000000d', 1)",
        "LIKE with many %": "select count(*) from articles where text like '" + "%a" * 2000 + "'",
        "LIKE as long as it may be": "select count(*) from articles where text like '%" + "a_" * 48 + "'",
        "LIKE on a long text": grown(5_000_000, "select x like '%" + "a" * 97 + "b' from b"),
        "GLOB with many *": "select count(*) from articles where text glob '" + "*a" * 49 + "'",
        "doubling": GROW.format(most=900_000_000) + "select max(length(x)) from s",
        "doubling a blob": "with recursive s(x) as (select x'00' union all select cast(x || x as blob) from s) select max(length(x)) from s",
        "sixty long values": grown(5_000_000, f"select {every} from b"),
        "a thousand long rows": grown(1_000_000, f", {many} select x from b, n limit 1000"),
        "a thousand long blobs": grown(1_000_000, f", {many} select cast(x as blob) from b, n limit 1000"),
        "all control letters": grown(3_000_000, "select replace(x, 'a', char(1)) from b"),
        "replace that grows": grown(1_000_000, "select length(replace(x, 'a', x)) from b"),
        "replace, quadratic": grown(2_000_000, "select length(replace(x || x, x || 'b', '')) from b"),
        "instr, quadratic": grown(2_000_000, "select instr(x || x, x || 'b') from b"),
        "trim, quadratic": grown(500_000, "select length(trim(x, replace(x, 'a', 'b') || 'a')) from b"),
        "hex of hex": grown(5_000_000, "select hex(hex(hex(x))) from b"),
        "quote": grown(5_000_000, "select quote(quote(replace(x, 'a', ''''))) from b"),
        "group_concat of all texts": "select group_concat(text) from articles",
        "group_concat in a window": "select max(length(t)) from (select group_concat(text) over (order by id) t from articles)",
        "json_group_array of all": "select json_group_array(text) from articles",
        "json_group_object of all": "select json_group_object(id, text) from articles, json_each('[1,2,3,4,5,6]')",
        "json_each of a huge list": grown(4_000_000, "select count(*) from b, json_each('[' || replace(x, 'a', '1,') || '1]')"),
        "json_tree deep": "select count(*) from json_tree(replace(hex(replace('" + "x" * 400 + "', 'x', '11')), '31', '['))",
        "json_patch": grown(300_000, "select length(json_patch('{' || replace(x, 'a', '\"k\":1,') || '\"z\":1}', '{}')) from b"),
        "endless recursion": "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
        "endless rows": "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n",
        "recursion that keeps": "with recursive n(i, t) as (select 1, '' union select i + 1, hex(i) || t from n) select * from n order by t desc",
        "cross join": "select count(*) from articles a, articles b, articles c",
        "cross join, sorted": "select a.text || b.text t from articles a, articles b order by t desc",
        "cross join, distinct": "select count(distinct a.text || b.id) from articles a, articles b",
        "cross join, grouped": "select a.headline || b.headline h, count(*) from articles a, articles b group by h",
        "cross join, except": "select a.text || b.id from articles a, articles b except select text from articles",
        "union of all": "select text from articles union select text || 1 from articles union select text || 2 from articles",
        "windows": "select sum(id) over (order by random()), rank() over (order by text) from articles a, json_each('[1,2,3,4,5]')",
        "ordered by chance": "select * from articles order by random(), text",
        "subqueries by row": "select (select count(*) from articles b where b.text > a.text) from articles a",
        "expressions by row": "select " + ", ".join(f"length(upper(lower(text || {n})))" for n in range(80)) + " from articles",
        "common tables, doubled": f"with a0 as (select 1 x), {nested} select count(*) from a24",
        "64 tables": "select count(*) from " + ", ".join(f"articles t{n}" for n in range(64)),
        "500 tables": "select count(*) from " + ", ".join(f"articles t{n}" for n in range(500)),
        "2,000 columns": "select " + ", ".join("1" * 2000),
        "200 columns of 1,000 rows": "select " + ", ".join(["id"] * 200) + " from articles",
        "nested brackets": "select " + "(" * 1500 + "1" + ")" * 1500,
        "long sum": "select " + "+".join("1" * 3000),
        "nested cases": "select " + "case when 1 then " * 300 + "1" + " end" * 300,
        "nested selects": "select * from (" * 120 + "select 1" + ")" * 120,
        "400 unions": "select 1" + " union select 1" * 400,
        "long list": "select 1 in (" + ",".join(map(str, range(1500))) + ")",
        "MATCH of everything": "select count(*) from articles_fts where articles_fts match 'b* OR d* OR f* OR g* OR k* OR l*'",
        "MATCH, ranked": "select rowid from articles_fts where articles_fts match 'b* OR d* OR f* OR g*' order by rank",
        "MATCH, NEAR": "select count(*) from articles_fts where articles_fts match 'NEAR(" + "a " * 200 + ", 100000)'",
        "MATCH, nested": "select count(*) from articles_fts where articles_fts match '" + "(" * 400 + "a" + ")" * 400 + "'",
        "snippet of a long text": "select snippet(articles_fts, 3, '', '', '', 64) from articles_fts where articles_fts match 'a'",
        "highlight of a long text": "select highlight(articles_fts, 3, '<', '>') from articles_fts where articles_fts match 'a'",
        "bm25 of a long text": "select bm25(articles_fts) from articles_fts where articles_fts match 'a a a a a a a a'",
        "passage of a long text": "select passage(text, 'a b c d e f g') from articles order by length(text) desc",
        "dbstat": "select sum(pgsize) from dbstat a, dbstat b",
        "database_list": "select file from pragma_database_list",
        "load_extension": "select load_extension('x')",
        "attach": "attach database '/etc/passwd' as x",
        "pragma": "pragma hard_heap_limit = 1",
        "heap of a pragma function": "select * from pragma_hard_heap_limit(1)",
        "writes": "delete from articles",
        "a write in a with": "with a as (select 1) delete from articles",
        "vacuum": "vacuum into '/tmp/x.db'",
        "comments before": "/**/--\n" * 900 + "drop",
        "comments without end": "/*" * 4000,
        "parameters": "select " + ", ".join(f":p{n}" for n in range(600)),
        "no SQL": "\x00\x01\x02 select",
        "broken": "select ' from",
    }  # fmt: skip


def queries() -> dict[str, str]:
    """Return paths of tables, rows, queries and pages with hostile parameters."""
    word = "a" * 1900
    found = {
        f"_where {number}": f"/archive/articles?_where={quote(sql)}"
        for number, sql in enumerate(
            ["1=1) or (1=1", "id in (select a.id from articles a, articles b)", "length(hex(randomblob(100000000)))",
             "text like '%a%b%c%d%e%f%g%h%i%j'", "exists(select 1 from articles a, articles b where a.text=b.text||1)",
             "1) union select 1--", "id=1; drop table articles", "json_each(text)"]
        )
    }  # fmt: skip
    tables = {
        "many _where": "/archive/articles?" + "&".join("_where=id>0" for _ in range(90)),
        "too many _where": "/archive/articles?" + "&".join("_where=id>0" for _ in range(900)),
        "many filters": "/archive/articles?" + "&".join(f"id__gt={n}" for n in range(95)),
        "many facets": "/archive/articles?"
        + "&".join(
            f"_facet={c}"
            for c in (
                "text",
                "headline",
                "url",
                "published_at",
                "fetched_at",
                "word_count",
                "language",
            )
            * 8
        ),
        "array facets": "/archive/articles?_facet_array=text&_facet_array=authors&_facet_date=text",
        "facets of all": "/archive/articles.json?_facet=text&_facet=url&_facet_size=max&_size=max",
        "_facet of none": "/archive/articles?_facet=nothing",
        "_size max": "/archive/articles?_size=max",
        "_size max, JSON": "/archive/articles.json?_size=max&_shape=objects",
        "_size huge": "/archive/articles?_size=99999999999",
        "_size negative": "/archive/articles?_size=-1",
        "_size max, coverage": "/archive/coverage?_size=max&_sort=headline",
        "_size max, story_coverage": "/archive/story_coverage?_size=max&_sort_desc=headline",
        "_size max, urls": "/archive/urls?_size=max",
        "_sort by text": "/archive/articles?_sort=text",
        "_sort by what is none": "/archive/articles?_sort=nothing",
        "_sort twice": "/archive/articles?_sort=id&_sort_desc=id",
        "_sort with SQL": "/archive/articles?_sort=id%27--",
        "_next, garbage": "/archive/articles?_next=~%00~%FF,,,,",
        "_next, long": f"/archive/articles?_next={word}",
        "_next, huge number": "/archive/articles?_next=9999999999999999999999999999",
        "_search of stars": "/archive/articles?_search=" + quote("a* " * 60),
        "_search raw": "/archive/articles?_searchmode=raw&_search="
        + quote("b* OR d* OR f* OR g* OR k* OR l* OR m*"),
        "_search raw, nested": "/archive/articles?_searchmode=raw&_search=" + quote("(" * 300),
        "_search raw, NEAR": "/archive/articles?_searchmode=raw&_search="
        + quote("NEAR(" + "ba " * 300 + ", 99999)"),
        "_search of a column": "/archive/articles?_search_text=" + quote("a* OR b* OR c*"),
        "_search, a long word": f"/archive/articles?_search={word}",
        "contains, long": f"/archive/articles?text__contains={word}",
        "like with many %": "/archive/articles?text__like=" + quote("%a" * 900),
        "glob with many *": "/archive/articles?text__glob=" + quote("*a" * 45),
        "arraycontains": "/archive/articles?text__arraycontains=a",
        "through": "/archive/articles?_through="
        + quote('{"table":"urls","column":"article_id","value":"1"}'),
        "through, broken": "/archive/articles?_through=" + quote('{"table":' + "[" * 900),
        "_col of none": "/archive/articles?_col=nothing&_nocol=id",
        "_labels": "/archive/urls.json?_labels=on&_size=max",
        "_json": "/archive/articles.json?_json=text&_json=authors&_size=max",
        "_shape of none": "/archive/articles.json?_shape=nothing",
        "_shape object": "/archive/articles.json?_shape=object&_size=max",
        "_timelimit": "/archive/articles?_timelimit=999999999",
        "_timelimit, no number": "/archive/articles?_timelimit=x",
        "_trace": "/archive/articles?_trace=1",
        "_ttl": "/archive/articles?_ttl=-1",
        "_extra": "/archive/articles.json?_extra=count,facets,suggested_facets,debug,request,query",
        "stream": "/archive/articles.csv?_stream=on&_dl=1",
        "stream of coverage": "/archive/coverage.csv?_stream=on&_sort=headline",
        "CSV": "/archive/articles.csv?_size=max",
        "the file": "/archive.db",
        "captures": "/captures",
        "memory": "/_memory?sql=select+1",
        "internal": "/_internal",
        "a hidden table": "/archive/articles_fts_data?_size=max",
        "a hidden row": "/archive/articles_fts_data/1",
        "the schema": "/archive/sqlite_master",
        "a row that is none": "/archive/outlets/99999999999999999999999",
        "a row of text": "/archive/urls/~00~FF",
        "a blob": "/archive/articles/1.blob?_blob_column=text",
        "a row's extras": "/archive/articles/1.json?_extras=foreign_key_tables",
        "a long article": f"/archive/articles/{ARTICLES + 1}",
        "a long article of pairs": f"/archive/articles/{ARTICLES + 2}",
        "two long articles": f"/archive/articles/{ARTICLES + 1}/beside/{ARTICLES + 2}",
        "an article and itself": "/archive/articles/1/beside/1",
        "an article of a huge number": "/archive/articles/999999999999999999",
        "revisions of none": "/archive/articles/1/revisions/999999999",
        "a story that is none": "/archive/-/story/" + "%00%FF%2F.." * 20,
        "a story's page of none": "/archive/-/story/story-0?page=999999",
        "a story's odd filters": "/archive/-/story/story-0?outlet=%00&since=%27&until=x&language="
        + "x" * 1000,
        "a dossier": "/archive/-/story/story-0.html",
        "a dossier as text": "/archive/-/story/story-0.txt",
        "a story's table": "/archive/-/story/story-0.csv",
        "an outlet that is none": "/archive/-/outlet/" + "a." * 400,
        "an outlet's page": "/archive/-/outlets?page=999999",
    }
    words = {
        "stars": "a* OR b* OR d* OR e* OR f* OR g* OR k* OR l* OR m* OR n* OR p* OR r* OR s* OR t*",
        "a star each": "b* d* f* g* k* l* m* n* p* r* s* t* v* z*",
        "without all": "b* -d* -f* -g* -k* -l* -m* -n* -p* -r* -s* -t*",
        "quotes": '"' * 150,
        "brackets": "(" * 200,
        "operators": "AND OR NOT NEAR " * 12,
        "minus": "- " * 100,
        "one letter": "a",
        "a phrase of a letter": '"' + "a " * 90 + '"',
        "many pairs": "首相会見東京都知事" * 20,
        "signs": "\u0301" * 190,
        "no letters": "☃" * 190,
        "surrogates": "\ufffd\x00\x7f" * 60,
        "columns": "text:a headline:b {a b}:c",
        "carets": "^a ^b + c",
    }
    pages = {
        f"search: {name}": f"/archive/-/search?words={quote(text)}" for name, text in words.items()
    }
    canned = {
        f"query: {name}": f"/archive/search?words={quote(text)}" for name, text in words.items()
    }
    others = {
        "query: sql": "/archive/newest?sql=select+randomblob(1e9)",
        "query: by day": "/archive/coverage_by_day?words=" + quote(words["stars"]),
        "query: wire share": "/archive/wire_share.json?since=%00",
        "query: bylines": "/archive/bylines.csv?outlet=" + "x" * 5000,
        "query: fastest": "/archive/fastest_outlets",
        "query: first": "/archive/first_to_report",
        "search: month": "/archive/-/search?words=ba&month=" + quote("2024-02' or '1"),
        "search: page": "/archive/-/search?words=ba&page=999999",
    }
    return found | tables | pages | canned | others


def paths() -> dict[str, str]:
    """Return malformed paths and paths that try to leave the site."""
    return {
        "deep": "/a" * 1900,
        "deeper": "/a" * 9000,
        "dots": "/archive/articles/" + "a." * 1900,
        "longer dots": "/" + "a." * 20_000,
        "slashes": "/archive" + "/" * 3000,
        "tildes": "/" + "~2F" * 1200,
        "per cents": "/archive/" + "%25" * 1200,
        "broken per cents": "/archive/%zz%1",
        "not UTF-8": "/archive/%ff%fe",
        "NUL": "/archive/%00",
        "up": "/-/static/../../../../etc/passwd",
        "up, encoded": "/-/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "up of the plugin": "/-/static-plugins/dateline/..%2f..%2f__init__.py",
        "another host": "//example.com/",
        "another host, three": "///example.com//",
        "another host, backslash": "/\\example.com/",
        "another host, encoded": "/%5cexample.com/",
        "another host, twice encoded": "/%255cexample.com/",
        "another host, tab": "/%09/example.com/",
        "another host, dots": "/.//example.com/",
        "another host, tilde": "/~5Cexample.com/",
        "another host, in full": "http://example.com/",
        "versions": "/-/versions.json",
        "plugins": "/-/plugins.json?all=1",
        "settings": "/-/settings.json",
        "databases": "/-/databases.json",
        "metadata": "/-/metadata.json",
        "threads": "/-/threads.json",
        "actor": "/-/actor.json",
        "permissions": "/-/permissions",
        "messages": "/-/messages",
        "patterns": "/-/patterns",
        "allow": "/-/allow-debug?actor=" + quote('{"id":' * 300),
        "a wrong token": "/-/auth-token?token=" + "0" * 64,
        "log out": "/-/logout",
    }


@dataclass(frozen=True, slots=True)
class Attack:
    """A request as it is sent."""

    name: str
    target: str
    method: str = "GET"
    headers: tuple[str, ...] = ()
    body: bytes = b""
    """Bytes sent after the headers, whatever they announce."""

    def sent(self, port: int) -> bytes:
        """Return the bytes to send."""
        named = any(header.lower().startswith("host:") for header in self.headers)
        host = () if named else (f"Host: 127.0.0.1:{port}",)
        lines = (
            f"{self.method} {self.target} HTTP/1.1",
            *host,
            "Connection: close",
            *self.headers,
            "",
            "",
        )
        return "\r\n".join(lines).encode("latin-1", "replace") + self.body


def requests() -> list[Attack]:
    """Return requests that are hostile by their method, headers or body."""
    form = "Content-Type: application/x-www-form-urlencoded"
    verdict, cookie = "/archive/-/story/story-0/verdict", "Cookie: ds_csrftoken=x"
    parts = "Content-Type: multipart/form-data; boundary=x"
    return [
        Attack("a verdict", verdict, "POST", (form, "Content-Length: 20"), b"article=1&word=notxx"),
        Attack("a long form", verdict, "POST", (form, cookie, "Content-Length: 30000000"), b"a=1&" * 7_500_000),
        Attack("a form said to be long", verdict, "POST", (form, cookie, "Content-Length: 9000000000"), b"a=1"),
        Attack("a form in endless pieces", verdict, "POST", (form, cookie, "Transfer-Encoding: chunked"),
               b"10000\r\n" + b"a" * 65536 + b"\r\n" + (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 300),
        Attack("many fields", verdict, "POST", (form, cookie, "Content-Length: 800000"), b"a&" * 400_000),
        Attack("a form in parts", verdict, "POST", (parts, cookie, "Content-Length: 40"), b"--x\r\n" * 8),
        Attack("parts without end", verdict, "POST", (parts, cookie, "Content-Length: 900000"), b"--x\r\n\r\n" * 128_571 + b"xxx"),
        Attack("JSON", "/archive/articles/-/insert", "POST", ("Content-Type: application/json", "Content-Length: 2"), b"{}"),
        Attack("a body to a page", "/", "GET", ("Content-Length: 5000000",), b"x" * 5_000_000),
        Attack("PUT", "/archive", "PUT", ("Content-Length: 0",)),
        Attack("DELETE", "/archive/articles/1", "DELETE"),
        Attack("TRACE", "/", "TRACE"),
        Attack("a method of its own", "/", "FROBNICATE"),
        Attack("HEAD of SQL", "/archive?sql=select+1", "HEAD"),
        Attack("many headers", "/", headers=tuple(f"X-{n}: y" for n in range(2000))),
        Attack("a long header", "/", headers=("X-Long: " + "y" * 60_000,)),
        Attack("a longer header", "/", headers=("X-Long: " + "y" * 5_000_000,)),
        Attack("many cookies", "/", headers=("Cookie: " + "; ".join(f"c{n}=x" for n in range(3000)),)),
        Attack("a forged actor", "/archive?sql=select+1", headers=('Cookie: ds_actor="eyJhIjp7ImlkIjoicm9vdCJ9fQ.x"',)),
        Attack("a forged message", "/", headers=("Cookie: ds_messages=" + "x" * 20_000,)),
        Attack("another Host", "/", headers=("Host: evil.example",)),
        Attack("a Host with a path", "/", headers=("Host: evil.example/x?",)),
        Attack("two Hosts", "/", headers=("Host: a.example", "Host: b.example")),
        Attack("a Host with a line end", "/", headers=("Host: a.example%0d%0aX: y",)),
        Attack("forwarded", "/archive/articles.json", headers=("X-Forwarded-Host: evil.example", "X-Forwarded-Proto: x")),
        Attack("an Origin", "/archive/articles.json", headers=("Origin: https://evil.example",)),
        Attack("a Range", "/", headers=("Range: bytes=" + ",".join(f"{n}-" for n in range(3000)),)),
        Attack("languages", "/", headers=("Accept-Language: " + "x," * 15_000,)),
        Attack("no HTTP", " \x00\x16\x03\x01", "\x00"),
    ]  # fmt: skip


def attacks() -> list[Attack]:
    """Return all hostile requests."""
    sql = [Attack(name, f"/archive?sql={quote(sql)}") for name, sql in statements().items()]
    as_json = [
        Attack(f"{each.name}, JSON", each.target.replace("?", ".json?", 1)) for each in sql[::6]
    ]
    asked = [Attack(name, target) for name, target in (queries() | paths()).items()]
    return sql + as_json + asked + requests()


# -- the server ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a request."""

    status: int
    """0 if the connection was closed, or nothing arrived in time."""
    seconds: float
    """Until the end of the response, or until its first byte where a whole table is streamed."""
    body: bytes


class Server:
    """`dateline serve` in its own process, on a free port."""

    def __init__(self, folder: Path, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        run = "import archive.cli.read_commands; from archive.cli.base import cli; cli(prog_name='dateline')"
        command = [
            sys.executable,
            "-c",
            run,
            "serve",
            "--archive",
            str(folder),
            "--port",
            str(self.port),
            *options,
        ]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT
        )
        assert self.process.stdout
        self.said = self.process.stdout.readline().decode()
        """The line that it prints first."""
        self._log: list[str] = []
        threading.Thread(target=self._keep_log, daemon=True).start()

    def __enter__(self) -> Server:
        for _ in range(300):
            if self.ask(Attack("", "/archive/-/stories")).status == 200:
                return self
            time.sleep(0.2)
        raise TimeoutError(self.said)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)

    def _keep_log(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._log.append(line.decode("utf-8", "replace"))

    def line(self, pattern: str) -> str:
        """Wait for a printed line that matches, and return it."""
        for _ in range(100):
            found = re.search(pattern, "".join(self._log))
            if found:
                return found[0]
            time.sleep(0.1)
        raise TimeoutError(pattern)

    def ask(self, attack: Attack, patience: float = 20) -> Answer:
        """Send a request unchanged, and wait for the whole response."""
        began = time.perf_counter()
        begun, received = None, b""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as connection:
                threading.Thread(
                    target=_send, args=(connection, attack.sent(self.port)), daemon=True
                ).start()
                while piece := connection.recv(1 << 20):
                    received += piece
                    begun = begun or time.perf_counter()
                    if attack.method == "HEAD" and b"\r\n\r\n" in received:
                        break
        except OSError:
            pass  # what came until then is the answer
        head, _, body = received.partition(b"\r\n\r\n")
        ended = begun if begun and "_stream" in attack.target else time.perf_counter()
        seconds = ended - began
        status = re.match(rb"HTTP/1\.1 (\d{3})", head)
        whole = _joined(body) if b"chunked" in head.lower() else body
        return Answer(int(status[1]) if status else 0, seconds, whole)

    def most_memory(self) -> float:
        """Return the peak of the server's memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1000 if found else 0.0

    @property
    def alive(self) -> bool:
        """Return whether the server still runs."""
        return (
            self.process.poll() is None and self.ask(Attack("", "/archive/-/stories")).status == 200
        )


def _joined(pieces: bytes) -> bytes:
    """Return a chunked body (RFC 9112 §7.1), as far as it arrived."""
    body = b""
    while size := re.match(rb"([0-9a-fA-F]+)[^\n]*\n", pieces):
        end = size.end() + int(size[1], 16)
        body, pieces = body + pieces[size.end() : end], pieces[end + 2 :]
    return body


ENVIRONMENT = os.environ | {"PYTHONUNBUFFERED": "1"}


def _send(connection: socket.socket, sent: bytes) -> None:
    """Send bytes, ignoring that the server may close the connection early."""
    with suppress(OSError):  # it was refused before all of it was sent
        connection.sendall(sent)


def at_once(server: Server, slow: list[Attack], page: str) -> tuple[float, list[float]]:
    """Return the longest of simultaneous slow requests, and the waits of a normal reader
    meanwhile."""
    taken: list[float] = []
    threads = [
        threading.Thread(target=lambda each=each: taken.append(server.ask(each).seconds))
        for each in slow
    ]
    for thread in threads:
        thread.start()
    read = []
    while any(thread.is_alive() for thread in threads):
        answer = server.ask(Attack("", page))
        read.append(answer.seconds if answer.status == 200 else float("inf"))
    return max(taken), read


# -- figures ---------------------------------------------------------------------------------------


def figures(_shared: Path) -> Iterator[Figure]:
    """Yield for both ways to serve: the slowest response, memory, survival and a reader's wait."""
    with TemporaryDirectory(prefix="dateline-bench-") as name:
        fill(Path(name))
        for how in ([], ["--public"]):
            yield from measured(Path(name), *how)


def measured(folder: Path, *how: str) -> Iterator[Figure]:
    """Yield the figures of one way to serve."""
    mode = " ".join(how) or "plain"
    every = attacks()
    with Server(folder, *how) as server:
        idle = server.most_memory()
        answers = {each.name: server.ask(each) for each in every}
        slowest = max(answers, key=lambda name: answers[name].seconds)
        yield Figure(
            f"{mode}: slowest of {len(every)} ({slowest})",
            answers[slowest].seconds,
            "s",
            wanted=f"≤ {SECONDS} s",
        )
        slow = [
            each
            for each in every
            if each.name in ("cross join", "endless recursion", "subqueries by row")
        ]
        longest, read = at_once(server, (slow * AT_ONCE)[:AT_ONCE], "/archive/articles/1")
        yield Figure(f"{mode}: slowest of {AT_ONCE} at once", longest, "s", wanted=f"≤ {SECONDS} s")
        yield Figure(
            f"{mode}: a reader beside them, slowest of {len(read)}",
            max(read),
            "s",
            wanted=f"≤ {SECONDS} s",
        )
        yield Figure(
            f"{mode}: memory", server.most_memory(), "MB", idle, "idle", wanted=f"≤ {MOST} MB"
        )
        yield Figure(f"{mode}: alive at the end", float(server.alive), wanted="1")


def fill(folder: Path) -> None:
    """Create the archive of `bench.serve` with two articles of maximum length."""
    whole, serve.ARTICLES = serve.ARTICLES, ARTICLES
    try:
        serve.fill(folder, serve.Words(random.Random(8)))
    finally:
        serve.ARTICLES = whole
    connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    with transaction(connection):
        for number, text in enumerate(
            ("a " * 1_000_000, "首相会見東京都知事は" * 200_000), start=1
        ):
            connection.execute(
                """INSERT INTO articles (id, outlet_id, url, headline, published_at, text, bigrams, fetched_at, word_count)
                   VALUES (?, 1, ?, 'Long', '2026-01-01T00:00:00Z', ?, ?, '2026-01-01T00:00:00Z', 1)""",
                [ARTICLES + number, f"https://outlet1.example/long/{number}", text, bigrams(text)],
            )
    connection.close()
