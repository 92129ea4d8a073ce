"""The state of a cluster is there while it works, and never outlives who wrote it."""

from __future__ import annotations

import os
import time

import pytest

from archive.cli.terminal import MAX_SHOWN_WORKERS, _cluster_text
from archive.storage.cluster_state import (
    CLUSTER_STATE_NAME,
    MAX_STATE_AGE_SECONDS,
    read_cluster_state,
    remove_cluster_state,
    write_cluster_state,
)

STATE = {
    "address": "tcp://desk:8786",
    "dashboard": "http://desk:8787/status",
    "workers": [{"name": "bow", "threads": 4, "pages": 1200, "pages_per_second": 12.0}],
    "waiting": 96,
    "lost": 1,
}


def test_a_state_is_read_as_written_until_it_is_removed(tmp_path):
    assert read_cluster_state(tmp_path) is None
    write_cluster_state(tmp_path, STATE)
    assert read_cluster_state(tmp_path) == STATE
    assert [path.name for path in tmp_path.iterdir()] == [CLUSTER_STATE_NAME]
    remove_cluster_state(tmp_path)
    assert read_cluster_state(tmp_path) is None


def test_the_state_of_a_process_that_was_killed_is_not_read(tmp_path):
    write_cluster_state(tmp_path, STATE)
    old = time.time() - MAX_STATE_AGE_SECONDS - 5
    os.utime(tmp_path / CLUSTER_STATE_NAME, (old, old))
    assert read_cluster_state(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[1]", "{", '"x"'])
def test_a_file_that_holds_something_else_is_no_state(tmp_path, text):
    (tmp_path / CLUSTER_STATE_NAME).write_text(text)
    assert read_cluster_state(tmp_path) is None


def test_an_archive_whose_folder_is_gone_is_no_error(tmp_path):
    write_cluster_state(tmp_path / "gone", STATE)
    remove_cluster_state(tmp_path / "gone")


def test_the_status_has_a_line_for_each_worker_and_few_for_many():
    assert _cluster_text(STATE).split("\n") == [
        "tcp://desk:8786, 12.0 pages/s, 96 pages waiting, 1 worker lost, "
        "dashboard http://desk:8787/status",
        "worker bow: 1,200 pages, 12.0 a second",
    ]
    many = STATE | {"workers": STATE["workers"] * 100}
    lines = _cluster_text(many).split("\n")
    assert len(lines) == MAX_SHOWN_WORKERS + 2
    assert lines[-1] == "and 84 more workers"
