"""The executor of a cluster: functions are submitted, and futures give back what workers return.

Dask's own executor passes on what the scheduler says of a task that it gave up. This one turns it
into one line of a `ClusterError`, also for tasks that wait while the scheduler is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any

from archive.errors import ClusterError, LostWorkersError

RESUME_ADVICE = (
    "what was written is kept; start the cluster and run the same command again to continue"
)


class DaskExecutor(Executor):
    """Runs importable functions with picklable arguments on the workers of a Dask client.

    A future raises `LostWorkersError` if each worker that began its task was lost, `ClusterError`
    if the scheduler was lost, and otherwise what the function raised. A task whose worker is lost
    runs again elsewhere, at most as often as the scheduler's `allowed-failures` says.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._address = address

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send a call to a worker and return its future.

        Raises ClusterError if the cluster is lost.
        """
        if self._client.status != "running":
            raise self._lost_error()
        task = self._client.submit(fn, *args, **kwargs, pure=False)
        answer: Future[Any] = Future()
        self._client.loop.add_callback(self._deliver, task, answer)
        return answer

    async def _deliver(self, task: Any, answer: Future[Any]) -> None:
        """Wait for a task on the client's loop, and give its outcome to a future."""
        if not answer.set_running_or_notify_cancel():
            task.release()
            return
        try:
            result = await task
        except BaseException as error:
            answer.set_exception(self._in_one_line(error))
        else:
            answer.set_result(result)
        finally:
            task.release()

    def _in_one_line(self, error: BaseException) -> BaseException:
        """Return what a task raised, with Dask's own errors as those of this program."""
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            return LostWorkersError(
                f"{error.allowed_failures + 1} workers were lost while they ran it, "
                f"the last of them {error.last_worker.address}"
            )
        if isinstance(error, CancelledError) or type(error).__name__ == "CancelledError":
            return self._lost_error()
        return error

    def _lost_error(self) -> ClusterError:
        return ClusterError(f"{self._address}: the scheduler was lost; {RESUME_ADVICE}")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Do nothing: the connection closes the client."""


def shown_worker_name(name: str, address: str) -> str:
    """Return a worker's name for people: `0 (tls://127.0.0.1:33915)`, or its address alone."""
    return address if name == address else f"{name} ({address})"
