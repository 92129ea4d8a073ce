"""How coroutines of a crawl wait for each other without polling."""

from __future__ import annotations

import asyncio

from crawler.session.change_signal import ChangeSignal


def test_a_change_wakes_all_that_wait_and_nobody_that_waits_later():
    async def waiting() -> list[str]:
        signal, woken = ChangeSignal(), []

        async def wait(name: str) -> None:
            await signal.wait()
            woken.append(name)

        early = [asyncio.create_task(wait(name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        signal.notify()
        await asyncio.gather(*early)
        late = asyncio.create_task(wait("late"))
        await asyncio.sleep(0)
        assert not late.done()
        signal.notify()
        await late
        return woken

    assert asyncio.run(waiting()) == ["first", "second", "late"]


def test_without_a_change_the_wait_ends_with_its_time():
    asyncio.run(ChangeSignal().wait(0.001))


def test_a_change_before_anybody_waits_is_not_kept():
    async def waiting() -> bool:
        signal = ChangeSignal()
        signal.notify()
        waiter = asyncio.create_task(signal.wait())
        await asyncio.sleep(0)
        is_waiting = not waiter.done()
        waiter.cancel()
        return is_waiting

    assert asyncio.run(waiting())
