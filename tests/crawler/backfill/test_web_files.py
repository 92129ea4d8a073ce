"""Files on the web are read in parts, as far as they are needed, from where the user named them."""

from __future__ import annotations

import random

import pytest

from archive.errors import UsageError
from crawler.backfill import web_files
from crawler.backfill.object_files import find_object_files
from crawler.backfill.web_files import WebFile
from crawler.files import byte_sources
from crawler.files.byte_sources import SourceLostError
from tests.file_servers import serve_files

CONTENT = random.Random(3).randbytes(300_000)
PATH = "/2024/news.warc.gz"
NO_WAITS = (0.0, 0.0)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_sources, "REMOTE_BLOCK_BYTES", 64 * 1024)


def read_all(file: WebFile) -> bytes:
    with file.open() as opened:
        return opened.read()


def test_a_file_arrives_in_blocks_and_each_block_once():
    with serve_files({PATH: CONTENT}) as server:
        file = WebFile(server.address + PATH)
        assert (read_all(file), file.size()) == (CONTENT, len(CONTENT))
        assert server.bytes_sent == len(CONTENT) + 1, "one byte shows size and version"


def test_of_a_file_that_is_read_from_its_middle_only_what_follows_is_fetched():
    with serve_files({PATH: CONTENT}) as server:
        with WebFile(server.address + PATH).open() as opened:
            opened.seek(250_000)
            assert opened.read(10) == CONTENT[250_000:250_010]
        assert server.bytes_sent < 70_000


def test_a_file_is_never_whole_in_memory():
    with serve_files({PATH: CONTENT}) as server:
        file = WebFile(server.address + PATH)
        read_all(file)
        assert file._cache
        held = sum(map(len, file._cache._blocks.values()))
        assert held <= byte_sources.MAX_REMOTE_BLOCKS * 64 * 1024 < len(CONTENT)


@pytest.mark.parametrize("how", [{}, {"has_tags": False}])
def test_a_server_without_ranges_sends_the_file_once_and_it_can_be_sought_in(how):
    with serve_files({PATH: CONTENT}, has_ranges=False, **how) as server:
        file = WebFile(server.address + PATH)
        with file.open() as opened:
            opened.seek(100_000)
            assert opened.read(5) == CONTENT[100_000:100_005]
            opened.seek(5)
            assert opened.read() == CONTENT[5:]
        assert len(server.asked) == 2, "the question for its size, and the file"


def test_broken_connections_and_passing_errors_are_tried_again():
    with serve_files({PATH: CONTENT}) as server:
        file = WebFile(server.address + PATH, NO_WAITS)
        file.size()
        server.cut_after, server.statuses = [1000], [503]
        assert read_all(file) == CONTENT


@pytest.mark.parametrize(("statuses", "reason"), [([503] * 3, "HTTP 503"), ([403], "HTTP 403")])
def test_errors_that_do_not_pass_are_named(statuses, reason):
    with serve_files({PATH: CONTENT}) as server:
        server.statuses = statuses
        with pytest.raises(SourceLostError, match=reason):
            WebFile(server.address + PATH, NO_WAITS).size()


def test_a_file_that_changes_while_it_is_read_is_given_up():
    with serve_files({PATH: CONTENT}) as server:
        file = WebFile(server.address + PATH, NO_WAITS)
        with file.open() as opened:
            opened.read(1000)
            server.files[PATH] = CONTENT[::-1]
            with pytest.raises(SourceLostError, match="changed while it was read"):
                opened.read()
        with pytest.raises(SourceLostError):
            file.check_readable()


def test_the_version_of_a_file_is_another_when_its_content_is():
    for how in ({}, {"has_tags": False}):
        with serve_files({PATH: CONTENT}, **how) as server:
            first, same = (WebFile(server.address + PATH).version() for _ in range(2))
            server.files[PATH] = CONTENT[1:] + b"x"
            assert first == same != WebFile(server.address + PATH).version()


def test_a_redirect_within_the_named_host_is_followed():
    with serve_files({PATH: CONTENT}, redirects={"/latest.warc.gz": PATH}) as server:
        assert read_all(WebFile(f"{server.address}/latest.warc.gz")) == CONTENT


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "file:///etc/passwd"]
)
def test_a_redirect_to_an_inner_address_is_not_followed(target):
    with serve_files({PATH: CONTENT}) as inner:
        where = target.format(port=inner.port)
        with (
            serve_files({}, redirects={PATH: where}) as server,
            pytest.raises(SourceLostError, match="redirects to"),
        ):
            WebFile(server.address + PATH, NO_WAITS).size()
        assert inner.asked == []


def test_a_redirect_to_a_public_name_with_an_inner_address_is_not_followed(monkeypatch):
    monkeypatch.setattr(web_files, "_addresses_of_host", lambda *_: ["127.0.0.1"])
    with (
        serve_files({}, redirects={PATH: "http://news.example.org/file.warc.gz"}) as server,
        pytest.raises(SourceLostError, match="not on the public internet"),
    ):
        WebFile(server.address + PATH, NO_WAITS).size()


def test_a_chain_of_redirects_ends():
    with (
        serve_files({}, redirects={PATH: PATH}) as server,
        pytest.raises(SourceLostError, match="more than 5 redirects"),
    ):
        WebFile(server.address + PATH, NO_WAITS).size()


@pytest.mark.parametrize(
    "address", ["http:///x.warc", "ftp://paper.example/x.warc", "https://a:b@paper.example/x"]
)
def test_an_address_that_is_none_is_a_mistake(address):
    with pytest.raises(UsageError, match="not an http or https address"):
        WebFile(address)


# -- object stores ---------------------------------------------------------------------------------


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch):
    """A bucket of an object store that needs no key."""
    pytest.importorskip("s3fs")
    files = {f"/news/2024/{name}.warc.gz": CONTENT[number:] for number, name in enumerate("ab")}
    with serve_files(files | {"/news/2024/notes.txt": b"x"}) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        yield server


@pytest.mark.slow
def test_files_of_an_object_store_are_found_by_a_pattern_and_read_in_blocks(bucket):
    found = find_object_files("s3://news/2024/*.warc.gz")
    assert [file.name for file in found] == ["s3://news/2024/a.warc.gz", "s3://news/2024/b.warc.gz"]
    assert [file.size() for file in found] == [300_000, 299_999]
    assert found[0].version() != found[1].version()
    bucket.asked.clear()
    with found[1].open() as opened:
        opened.seek(200_000)
        assert opened.read(7) == CONTENT[200_001:200_008]
    assert bucket.bytes_sent == 64 * 1024


@pytest.mark.slow
def test_a_missing_file_of_an_object_store_is_a_mistake_in_one_line(bucket):
    for address in ("s3://news/2023/*.warc.gz", "s3://news/2024/c.warc.gz"):
        with pytest.raises(UsageError, match="there is no such file"):
            find_object_files(address)


def test_an_object_store_whose_package_is_missing_is_named(monkeypatch):
    pytest.importorskip("fsspec")
    with pytest.raises(UsageError, match="gcsfs"):
        find_object_files("gs://news/a.warc.gz")
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"pip install 'dateline\[cluster\]' s3fs"):
        find_object_files("s3://news/a.warc.gz")


def test_an_unknown_scheme_is_a_mistake():
    pytest.importorskip("fsspec")
    with pytest.raises(UsageError, match="nowhere://x"):
        find_object_files("nowhere://x/a.warc.gz")
