"""The driver's book of shares: which process holds which site, and which items wait. Pure.

A site is held by at most one round. It is free again when the round has ended, or, if the round's
worker was lost, when the process cannot be alive any more: the caller says until when that takes.
An item that leads to a second site needs both sites in one round.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from crawler.cluster.fetching.host_shares import (
    FetchItem,
    HostShare,
    ShareOrders,
    SiteState,
    share_site,
)
from crawler.network.robots import RobotsRules

MAX_SITES_PER_ROUND = 64
"""Sites of one process; their delays overlap, and each needs little of a core."""
MAX_ITEMS_PER_ORDER = 512
PREFERENCE_SECONDS = 3.0
"""Time for which a site waits for the worker that had it last before another one takes it."""
MAX_PROCESS_ENDS = 3
"""Times that the process of an item may end by itself before the item counts as its cause."""


ROUND_LEASE_SECONDS = 20.0
"""Time without orders after which a process ends itself."""
LOST_ROUND_SECONDS = ROUND_LEASE_SECONDS + 2.0
"""Time after which the process of a worker that is gone is gone as well."""
RoundEnd = Literal["in order", "by itself", "overdue", "lost"]
"""The end of a round: all was reported, its process failed or was overdue, or its worker is gone."""


@dataclass
class ShareRound:
    """A fetch process, as the driver knows it."""

    name: str
    worker: str
    sites: set[str] = field(default_factory=set)
    open_items: dict[int, FetchItem] = field(default_factory=dict)
    """Items without an answer."""
    is_ending: bool = False
    idle_since: float = 0.0
    """When it had an item last."""


@dataclass
class WaitingSite:
    """The items of a site that no round has been given yet."""

    since: float
    items: deque[FetchItem] = field(default_factory=deque)


@dataclass
class _KnownSite:
    """Reports of the rounds on a site; times are those of the driver's monotonic clock."""

    robots: dict[str, tuple[RobotsRules, float]] = field(default_factory=dict)
    pauses: dict[str, tuple[float, str]] = field(default_factory=dict)
    silences: dict[str, int] = field(default_factory=dict)
    free_at: float = 0.0
    """The time from which the delay of its hosts allows requests."""
    last_worker: str | None = None


class ShareBoard:
    """The sites, items and rounds of one crawl. Times are seconds of one monotonic clock.

    `agent` is the product token whose Crawl-delay counts, `own_delay` the crawl's own delay.
    """

    def __init__(self, agent: str, own_delay: float) -> None:
        self.agent, self.own_delay = agent, own_delay
        self.rounds: dict[str, ShareRound] = {}
        self.waiting: dict[str, WaitingSite] = {}
        self._needs: dict[int, set[str]] = {}
        """Item → further sites that it needs."""
        self._process_ends: Counter[int] = Counter()
        self._holders: dict[str, str] = {}
        """Site → the round that holds it."""
        self._held_until: dict[str, float] = {}
        """Sites of lost rounds."""
        self._known: dict[str, _KnownSite] = {}

    # -- items -------------------------------------------------------------------------------------

    def add_item(self, item: FetchItem, now: float) -> None:
        """Let an item wait for a round that holds its site."""
        self.waiting.setdefault(item.site, WaitingSite(now)).items.append(item)

    def withdraw_waiting(self) -> list[FetchItem]:
        """Remove and return all items that no round has."""
        items = [item for site in self.waiting.values() for item in site.items]
        self.waiting.clear()
        return items

    def settle_item(self, round_name: str, number: int) -> FetchItem | None:
        """Note that an item was answered; return it, or None if it was answered before."""
        item = self.rounds[round_name].open_items.pop(number, None)
        self._needs.pop(number, None)
        self._process_ends.pop(number, None)
        return item

    def send_along(self, round_name: str, number: int, site: str, now: float) -> None:
        """Let an item wait for a round that also holds a second site, to which it leads."""
        item = self.rounds[round_name].open_items.pop(number, None)
        if item is not None:
            self._needs.setdefault(number, set()).add(site)
            self.add_item(item, now)

    # -- rounds ------------------------------------------------------------------------------------

    def add_round(self, name: str, worker: str, now: float) -> None:
        """Add a round without sites."""
        self.rounds[name] = ShareRound(name, worker, idle_since=now)

    def end_round(self, name: str, now: float, end: RoundEnd) -> list[FetchItem]:
        """Remove a round; its items wait again.

        Returns the items that are given up, because their processes ended by themselves too often.
        """
        ended = self.rounds.pop(name)
        gone_by = now + (LOST_ROUND_SECONDS if end == "lost" else 0.0)
        for site in ended.sites:
            del self._holders[site]
            self._held_until[site] = gone_by
            if site in self.waiting:
                self.waiting[site].since = now
            if end != "in order":  # when the last request was sent is not known
                known = self._known_site(site)
                known.free_at = max(known.free_at, gone_by + self._delay_of(site))
        given_up = []
        for item in ended.open_items.values():
            self._process_ends[item.number] += end == "by itself"
            if self._process_ends[item.number] >= MAX_PROCESS_ENDS:
                given_up.append(item)
            else:
                self.add_item(item, now)
        for item in given_up:
            self._needs.pop(item.number, None)
            del self._process_ends[item.number]
        return given_up

    def has_work_for(self, worker: str, workers: Iterable[str], now: float) -> bool:
        """Return whether a worker without a round would get items if it had one."""
        probe = ShareRound("", worker)
        return any(True for _ in self._claimable_sites(probe, set(workers), now))

    def take_orders(self, name: str, workers: Iterable[str], now: float) -> ShareOrders:
        """Return the shares and items that a round gets now, which are its own from then on.

        `workers` are those that are there.
        """
        taking = self.rounds[name]
        if taking.is_ending:
            return ShareOrders(ends=True)
        shares: list[HostShare] = []
        for new in list(self._claimable_sites(taking, set(workers), now)):
            unclaimed = sorted(new - taking.sites)  # two sites may need a third one
            shares += [self._claim_site(taking, each, now) for each in unclaimed]
        items = tuple(self._items_for(taking))
        for site in [site for site, entry in self.waiting.items() if not entry.items]:
            del self.waiting[site]
        return ShareOrders(tuple(shares), items)

    # -- what is known of sites --------------------------------------------------------------------

    def note_state(self, round_name: str, state: SiteState, now: float) -> None:
        """Keep what a round reports of its sites."""
        for origin, (rules, age) in state.robots.items():
            self._known_site(share_site(origin)).robots[origin] = rules, now - age
        for origin, (seconds, reason) in state.pauses.items():
            self._known_site(share_site(origin)).pauses[origin] = now + seconds, reason
        for site in self.rounds[round_name].sites:
            self._known_site(site).silences.clear()
        for origin, number in state.silences.items():
            self._known_site(share_site(origin)).silences[origin] = number
        for host, seconds in state.rests.items():
            known = self._known_site(share_site(f"http://{host}/"))
            known.free_at = max(known.free_at, now + seconds)

    def note_pause(self, origin: str, seconds: float, reason: str, now: float) -> None:
        """Note a pause that an earlier crawl recorded."""
        self._known_site(share_site(origin)).pauses[origin] = now + seconds, reason

    def _known_site(self, site: str) -> _KnownSite:
        return self._known.setdefault(site, _KnownSite())

    def _delay_of(self, site: str) -> float:
        """Return the longest delay that the robots.txt of a site's hosts ask for, or our own."""
        rules = (rules for rules, _ in self._known_site(site).robots.values())
        return max((each.delay(self.agent) or 0.0 for each in rules), default=0.0) or self.own_delay

    # -- choosing ----------------------------------------------------------------------------------

    def _claimable_sites(
        self, taking: ShareRound, workers: set[str], now: float
    ) -> Iterator[set[str]]:
        """Yield the sites that a round may take: each waiting one with those that it leads to."""
        room = self._room_of(taking, workers)
        for site, entry in self.waiting.items():
            needed = self._needed_with(site, taking, now)
            new = needed - taking.sites
            if not new:
                continue
            # what this round holds a part of is served by no other round
            is_tied = new != needed
            is_turn = self._is_turn(site, entry, taking, workers, now)
            if is_tied or (len(new) <= room and is_turn):
                room -= len(new)
                yield new

    def _room_of(self, taking: ShareRound, workers: set[str]) -> int:
        """Return how many sites a round may take, so that all workers get about as many."""
        free = sum(1 for site in self.waiting if site not in self._holders)
        fair = -(-(len(self._holders) + free) // max(1, len(workers)))
        return min(MAX_SITES_PER_ROUND, max(1, fair)) - len(taking.sites)

    def _is_turn(
        self, site: str, entry: WaitingSite, taking: ShareRound, workers: set[str], now: float
    ) -> bool:
        """Return whether a site goes to this round rather than waits a moment for another one.

        It waits for the worker that had it last, and for a round that holds a site to which one
        of its items leads.
        """
        if now - entry.since > PREFERENCE_SECONDS:
            return True
        last = self._known_site(site).last_worker
        if last not in (None, taking.worker) and last in workers:
            return False
        led_to = (each for item in entry.items for each in self._needs.get(item.number, ()))
        return all(self._holders.get(each) in (None, taking.name) for each in led_to)

    def _needed_with(self, site: str, taking: ShareRound, now: float) -> set[str]:
        """Return the sites that a round has to hold for those items of a site that it may get."""
        needed: set[str] = set()
        for item in self.waiting[site].items:
            of_item = {site, *self._needs.get(item.number, ())}
            if all(self._holder(each, now) in (None, taking.name) for each in of_item):
                needed |= of_item
        return needed

    def _holder(self, site: str, now: float) -> str | None:
        """Return the round that holds a site, `lost` for one of a lost round, or None."""
        if self._held_until.get(site, 0.0) > now:
            return "lost"
        return self._holders.get(site)

    def _claim_site(self, taking: ShareRound, site: str, now: float) -> HostShare:
        """Give a site to a round, and return its share."""
        taking.sites.add(site)
        self._holders[site] = taking.name
        known = self._known_site(site)
        known.last_worker = taking.worker
        return HostShare(site, max(0.0, known.free_at - now), _state_from(known, now))

    def _items_for(self, taking: ShareRound) -> Iterator[FetchItem]:
        """Remove and yield the waiting items whose sites a round holds."""
        room = MAX_ITEMS_PER_ORDER
        for site in [site for site in self.waiting if site in taking.sites]:
            items = self.waiting[site].items
            kept: deque[FetchItem] = deque()
            while items:
                item = items.popleft()
                if room and self._needs.get(item.number, set()) <= taking.sites:
                    taking.open_items[item.number] = item
                    room -= 1
                    yield item
                else:
                    kept.append(item)
            self.waiting[site].items = kept


def _state_from(known: _KnownSite, now: float) -> SiteState:
    """Return what is known of a site with times as seconds from now."""
    return SiteState(
        robots={
            origin: (rules, now - read_at) for origin, (rules, read_at) in known.robots.items()
        },
        pauses={
            origin: (until - now, reason)
            for origin, (until, reason) in known.pauses.items()
            if until > now
        },
        silences=dict(known.silences),
    )
