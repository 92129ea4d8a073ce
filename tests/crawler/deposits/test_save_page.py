"""Answers of Save Page Now are read, whatever it sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from archive.errors import UsageError
from crawler.deposits.deposit_service import DepositResponse
from crawler.deposits.named_deposits import named_deposit_services
from crawler.deposits.public_urls import unfit_reason_by
from crawler.deposits.save_page import SavePage

URL = "https://harbour.example/news/ferry?a=1"
JOB = "spn2-9fd3a0b1c2"
KEYS = {"DATELINE_WAYBACK_KEY": "abcKEY", "DATELINE_WAYBACK_SECRET": "s3cret"}
SERVICE = SavePage()


def response(body: object, status: int = 200, **headers: str) -> DepositResponse:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DepositResponse(status, headers, sent)


def test_with_keys_the_job_is_in_json_and_without_them_in_a_web_page() -> None:
    page = f"<html><body><script>spn.watchJob( \"{JOB}\", '/x')</script></body></html>".encode()
    for body in ({"url": URL, "job_id": JOB}, page):
        answer = SERVICE.read_capture(response(body))
        assert (answer.state, answer.job) == ("pending", JOB)


def test_keys_go_into_a_header_and_into_no_message() -> None:
    [service] = named_deposit_services("wayback", KEYS)
    request = service.capture_request(URL)
    assert request.headers["Authorization"] == "LOW abcKEY:s3cret"
    assert (request.form or {})["url"] == URL
    assert "s3cret" not in repr(service)
    assert "Authorization" not in SERVICE.capture_request(URL).headers
    assert service.pause_seconds < SERVICE.pause_seconds


def test_a_snapshot_is_at_the_time_that_the_service_names_and_at_our_url() -> None:
    data = {
        "status": "success",
        "timestamp": "20240301120501",
        "original_url": "javascript:alert(1)",
    }
    answer = SERVICE.read_status(URL, JOB, response(data))
    assert answer.state == "done"
    assert answer.snapshot_url == f"https://web.archive.org/web/20240301120501/{URL}"
    assert answer.snapshot_at == "2024-03-01T12:05:01Z"


@pytest.mark.parametrize(
    ("body", "status", "state", "problem"),
    [
        ({"message": "You have already reached the limit of active sessions."}, 200, "busy", "active"),
        ({"message": "You cannot make more than 4,000 captures per day."}, 200, "busy", "captures"),
        ({"message": "This URL has been excluded from the Wayback Machine."}, 200, "refused", "excluded"),
        ({"message": "Cannot start capture."}, 200, "failed", "Cannot start"),
        ({"job_id": "../../../etc"}, 200, "failed", "named no job"),
        ({"job_id": ["a"], "message": 7}, 200, "failed", "named no job"),
        (b"<html><h2>Sorry</h2></html>", 200, "failed", "Sorry"),
        (b"\xff\x00", 200, "failed", "said"),
        (b"[]", 200, "failed", "said"),
        (b"", 401, "busy", "DATELINE_WAYBACK_KEY"),
        (b"slow down", 429, "busy", "answered 429 and said: slow down"),
        (b"<html>oops</html>", 520, "busy", "answered 520"),
        (b"", 302, "failed", "answered 302"),
    ],
)  # fmt: skip
def test_an_answer_without_a_job_says_whether_to_try_again(
    body: object, status: int, state: str, problem: str
) -> None:
    answer = SERVICE.read_capture(response(body, status))
    assert answer.state == state
    assert problem in (answer.problem or "")


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ({"status": "pending"}, "pending"),
        ({"status": "error", "status_ext": "error:blocked-url", "message": "blocked"}, "refused"),
        ({"status": "error", "status_ext": "error:not-found", "message": "404"}, "refused"),
        ({"status": "error", "status_ext": "error:gateway-timeout", "message": "slow"}, "failed"),
        ({"status": "error", "status_ext": "error:user-session-limit"}, "busy"),
        ({"status": "error"}, "failed"),
        ({"status": "success", "timestamp": "20249999999999"}, "failed"),
        ({"status": "success", "timestamp": None}, "failed"),
        ({}, "failed"),
    ],
)
def test_the_end_of_a_job_says_whether_to_try_again(data: dict[str, Any], state: str) -> None:
    assert SERVICE.read_status(URL, JOB, response(data)).state == state


def test_a_lost_job_is_asked_for_again_and_a_busy_service_is_left_alone() -> None:
    assert SERVICE.read_status(URL, JOB, response({}, 404)).state == "failed"
    refused = SERVICE.read_status(URL, JOB, response(b"", 429, **{"retry-after": "90"}))
    assert (refused.state, refused.wait) == ("busy", 90)
    unreachable = SERVICE.read_status(URL, JOB, DepositResponse(problem="could not be reached"))
    assert unreachable.state == "busy"


@pytest.mark.parametrize(
    ("names", "environ", "said"),
    [
        ("internet", {}, "unknown archive"),
        ("wayback=file:///x", {}, "not a URL"),
        ("wayback", {"DATELINE_WAYBACK_KEY": "a"}, "go together"),
        ("wayback", {"DATELINE_WAYBACK_KEY": "a\nb", "DATELINE_WAYBACK_SECRET": "c"}, "not the keys"),
    ],
)  # fmt: skip
def test_a_mistyped_archive_or_half_of_the_keys_is_one_clear_line(
    names: str, environ: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        named_deposit_services(names, environ)


def test_the_archive_may_be_asked_at_another_address() -> None:
    [service] = named_deposit_services("wayback=http://localhost:8080/", {})
    assert service.status_request(JOB).url == f"http://localhost:8080/save/status/{JOB}"
    assert named_deposit_services("", KEYS) == []


@pytest.mark.parametrize(
    ("url", "is_sent"),
    [
        ("https://harbour.example/news/1", True),
        ("http://192.168.0.7/news/1", False),
        ("http://wiki/news/1", False),
        ("https://paper.intranet/news/1", False),
        ("https://desk.harbour.example/draft", False),
        ("https://mara@harbour.example/", False),
        ("file:///etc/passwd", False),
    ],
)
def test_no_address_of_an_inner_network_is_sent_elsewhere(url: str, is_sent: bool) -> None:
    assert (unfit_reason_by("desk.harbour.example, 10.0.0.0/8")(url) is None) == is_sent
