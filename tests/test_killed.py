"""The helper that ends work with `kill -9` tells a failure from an end."""

from __future__ import annotations

import os
import signal

import pytest

from tests.killed import killed_by, killing_function


def test_work_that_ends_was_not_killed_and_work_that_is_ended_was() -> None:
    assert not killed_by(lambda: None)
    assert killed_by(killing_function(lambda: None, 1))


@pytest.mark.parametrize("end", [RuntimeError("no room"), SystemExit(3), KeyboardInterrupt()])
def test_work_that_fails_is_a_failure_with_its_traceback(
    end: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise end

    with pytest.raises(AssertionError, match="the work failed"):
        killed_by(fail)
    assert type(end).__name__ in capfd.readouterr().err


def test_work_that_another_signal_ends_is_a_failure() -> None:
    with pytest.raises(AssertionError, match=f"status -{int(signal.SIGUSR2)}"):
        killed_by(lambda: os.kill(os.getpid(), signal.SIGUSR2))
