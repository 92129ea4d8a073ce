"""Which process holds which site: decided without clock, network and cluster."""

from __future__ import annotations

from collections.abc import Iterable

from crawler.cluster.fetching.host_shares import FetchItem, ShareOrders, SiteState
from crawler.cluster.fetching.share_board import (
    LOST_ROUND_SECONDS,
    MAX_PROCESS_ENDS,
    PREFERENCE_SECONDS,
    ShareBoard,
)
from crawler.network.robots import rules_from_response

HARBOUR, QUAY, MILL = "harbour.example", "quay.example", "mill.example"
WORKERS = ("east", "west")


def item(number: int, host: str = HARBOUR) -> FetchItem:
    url = f"http://{host}/news/{number}"
    return FetchItem(number, url, url, "page to store")


def board(*items: FetchItem, rounds: Iterable[str] = WORKERS) -> ShareBoard:
    """A board with these items, and a round on each worker of the worker's name."""
    made = ShareBoard("Dateline", 0.5)
    for each in items:
        made.add_item(each, 0.0)
    for name in rounds:
        made.add_round(name, name, 0.0)
    return made


def taken(orders: ShareOrders) -> tuple[set[str], list[int]]:
    return {share.site for share in orders.shares}, [each.number for each in orders.items]


def test_all_hosts_of_a_site_go_to_one_process_with_their_items():
    shared = board(item(1), item(2, f"www.{HARBOUR}"), rounds=["east"])
    assert taken(shared.take_orders("east", ["east"], 1.0)) == ({HARBOUR}, [1, 2])


def test_a_site_that_one_process_holds_is_given_to_no_other():
    shared = board(item(1))
    shared.take_orders("east", WORKERS, 1.0)
    shared.add_item(item(2), 2.0)
    assert taken(shared.take_orders("west", WORKERS, 2.0 + PREFERENCE_SECONDS)) == (set(), [])
    assert taken(shared.take_orders("east", WORKERS, 9.0)) == (set(), [2])


def test_sites_are_shared_out_evenly():
    shared = board(*(item(number, f"paper{number}.example") for number in range(8)))
    east, _ = taken(shared.take_orders("east", WORKERS, 1.0))
    west, _ = taken(shared.take_orders("west", WORKERS, 1.0))
    assert len(east) == len(west) == 4
    assert not east & west


def test_a_site_goes_back_to_the_worker_that_had_it_last():
    shared = board(item(1))
    shared.take_orders("east", WORKERS, 1.0)
    shared.settle_item("east", 1)
    shared.end_round("east", 2.0, "in order")
    shared.add_item(item(2), 2.0)
    shared.add_round("east again", "east", 2.0)
    assert taken(shared.take_orders("west", WORKERS, 2.1)) == (set(), [])
    assert taken(shared.take_orders("east again", WORKERS, 2.2)) == ({HARBOUR}, [2])


def test_a_site_does_not_wait_for_a_worker_that_is_gone_or_slow():
    shared = board(item(1))
    shared.take_orders("east", WORKERS, 1.0)
    shared.end_round("east", 2.0, "in order")
    assert not shared.has_work_for("north", ["north", "east"], 2.1)
    assert shared.has_work_for("north", ["north"], 2.1)
    assert shared.has_work_for("north", ["north", "east"], 2.1 + PREFERENCE_SECONDS)


def test_the_site_of_a_lost_worker_is_held_until_its_process_has_ended_itself():
    shared = board(item(1))
    shared.take_orders("east", WORKERS, 1.0)
    shared.end_round("east", 10.0, "lost")
    just_before, after = 10.0 + LOST_ROUND_SECONDS - 0.1, 10.1 + LOST_ROUND_SECONDS
    assert taken(shared.take_orders("west", ["west"], just_before)) == (set(), [])
    orders = shared.take_orders("west", ["west"], after)
    assert taken(orders) == ({HARBOUR}, [1])
    assert 0 < orders.shares[0].wait_seconds <= 0.5, "the delay after a request that nobody saw"


def test_an_item_that_leads_to_a_second_site_waits_until_one_process_can_hold_both():
    shared = board(item(1), item(2, QUAY))
    shared.take_orders("east", WORKERS, 1.0)
    shared.take_orders("west", WORKERS, 1.0)
    holder = "east" if HARBOUR in shared.rounds["east"].sites else "west"
    other = "west" if holder == "east" else "east"
    shared.send_along(holder, 1, QUAY, 2.0)
    assert taken(shared.take_orders(holder, WORKERS, 2.0)) == (set(), [])
    shared.settle_item(other, 2)
    shared.end_round(other, 3.0, "in order")
    assert taken(shared.take_orders(holder, WORKERS, 3.1)) == ({QUAY}, [1])


def test_a_site_goes_to_the_process_that_holds_the_second_site_which_its_item_needs():
    shared = board(item(1), item(2, QUAY))
    shared.take_orders("east", WORKERS, 1.0)
    shared.take_orders("west", WORKERS, 1.0)
    holder = "east" if HARBOUR in shared.rounds["east"].sites else "west"
    other = "west" if holder == "east" else "east"
    shared.send_along(holder, 1, QUAY, 2.0)
    shared.end_round(holder, 3.0, "in order")
    shared.add_round("third", holder, 3.0)
    assert taken(shared.take_orders("third", WORKERS, 3.1)) == (set(), [])
    assert taken(shared.take_orders(other, WORKERS, 3.2)) == ({HARBOUR}, [1])


def test_items_that_lead_to_sites_of_different_processes_do_not_keep_the_others_waiting():
    shared = board(item(1), item(2, QUAY), item(3, MILL), rounds=[*WORKERS, "north"])
    three = (*WORKERS, "north")
    for name in three:
        shared.take_orders(name, three, 1.0)
    holder = next(each for each in three if HARBOUR in shared.rounds[each].sites)
    others = [each for each in three if each != holder]
    shared.add_item(item(4), 1.0)
    shared.take_orders(holder, three, 1.0)
    shared.send_along(holder, 1, QUAY, 2.0)
    shared.send_along(holder, 4, MILL, 2.0)
    shared.add_item(item(5), 2.0)
    assert taken(shared.take_orders(holder, three, 2.1)) == (set(), [5])
    shared.end_round(holder, 3.0, "in order")
    sites, items = taken(shared.take_orders(others[0], three, 3.1))
    assert sites == {HARBOUR}
    assert 5 in items
    assert len(items) == 2, "that which leads to its own site, and that which leads nowhere else"


def test_what_is_known_of_a_site_travels_with_its_next_share():
    rules = rules_from_response(200, b"User-agent: *\nCrawl-delay: 4")
    origin = f"http://{HARBOUR}"
    shared = board(item(1))
    shared.take_orders("east", WORKERS, 1.0)
    state = SiteState(
        robots={origin: (rules, 10.0)},
        pauses={origin: (60.0, "HTTP 429"), f"http://{QUAY}": (60.0, "HTTP 503")},
        silences={origin: 2},
        rests={HARBOUR: 3.0},
    )
    shared.note_state("east", state, 20.0)
    shared.settle_item("east", 1)
    shared.end_round("east", 20.0, "in order")
    shared.add_item(item(2), 20.0)
    shared.add_round("east again", "east", 20.0)
    (share,) = shared.take_orders("east again", WORKERS, 21.0).shares
    assert share.wait_seconds == 2.0
    assert share.state.robots == {origin: (rules, 11.0)}
    assert share.state.pauses == {origin: (59.0, "HTTP 429")}
    assert share.state.silences == {origin: 2}


def test_after_a_lost_worker_the_crawl_delay_of_the_site_is_waited_for():
    rules = rules_from_response(200, b"User-agent: *\nCrawl-delay: 4")
    shared = board(item(1))
    shared.take_orders("east", WORKERS, 1.0)
    shared.note_state("east", SiteState(robots={f"http://{HARBOUR}": (rules, 0.0)}), 2.0)
    shared.end_round("east", 10.0, "lost")
    (share,) = shared.take_orders("west", ["west"], 11.0 + LOST_ROUND_SECONDS).shares
    assert share.wait_seconds == 3.0


def test_an_item_on_which_processes_end_again_and_again_is_given_up_alone():
    shared = board(item(1), rounds=[])
    for turn in range(MAX_PROCESS_ENDS):
        shared.add_round(f"round {turn}", "east", turn * 100.0)
        shared.take_orders(f"round {turn}", ["east"], turn * 100.0)
        given_up = shared.end_round(f"round {turn}", turn * 100.0 + 1, "by itself")
    assert [each.number for each in given_up] == [1]
    assert not shared.waiting


def test_an_item_is_never_given_up_because_its_workers_were_lost():
    shared = board(item(1), rounds=[])
    for turn in range(MAX_PROCESS_ENDS * 2):
        shared.add_round(f"round {turn}", "east", turn * 100.0)
        assert taken(shared.take_orders(f"round {turn}", ["east"], turn * 100.0))[1] == [1]
        assert shared.end_round(f"round {turn}", turn * 100.0 + 1, "lost") == []


def test_a_process_that_is_to_end_gets_nothing_more():
    shared = board(item(1), rounds=["east"])
    shared.rounds["east"].is_ending = True
    assert shared.take_orders("east", ["east"], 1.0) == ShareOrders(ends=True)


def test_an_answer_counts_once():
    shared = board(item(1), rounds=["east"])
    shared.take_orders("east", ["east"], 1.0)
    assert shared.settle_item("east", 1) == item(1)
    assert shared.settle_item("east", 1) is None
