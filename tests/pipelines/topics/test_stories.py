from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from math import isnan, nan

import pytest

from archive.articles.stories import ConfirmedArticle, Story, StoryCandidate, StoryJudgement
from pipelines.topics.membership import MIN_TIME_WEIGHT
from pipelines.topics.stories import (
    OPENING_TERM_PREFIX,
    STORY_POLICY,
    BoardWeights,
    days_apart,
    list_story,
    nearest_distance,
    sorted_days,
    story_score,
    story_search_words,
    story_time_weight,
    story_vector,
)

MINE = "Eleven miners trapped in the Vellmar salt mine"
MINE_TEXT = (
    "Eleven miners are trapped 400 metres down in the Vellmar salt mine after the roof of a gallery came down.\n"
    "Rescuers drill a second shaft towards the gallery. The mine belongs to Halden Salt, which closed its pumps."
)
RESCUE = "Drill reaches the gallery where miners of Vellmar wait"
RESCUE_TEXT = "A drill reached the gallery of the Vellmar salt mine at dawn, and rescuers heard the trapped miners knock."
GAMES = "Coastal games open with a rowing regatta"
GAMES_TEXT = "Four hundred rowers opened the coastal games in rain. The regatta went to the crew of Marrow Bay by a length."
STORY = Story(1, "vellmar", "Vellmar")


def known(terms: Collection[str]) -> tuple[Mapping[str, int], int]:
    """Of a thousand articles, ten hold any one term."""
    return dict.fromkeys(terms, 10), 1000


def seen(headline: str, text: str, language: str = "en") -> dict[str, float]:
    return dict(story_vector(headline, None, text, language, known))


def confirmed(
    headline: str, text: str, published_at: str | None = None, language: str = "en"
) -> ConfirmedArticle:
    return ConfirmedArticle(
        json.dumps(seen(headline, text, language)), published_at, language, "harbour.example"
    )


def value(
    story: Story,
    *articles: ConfirmedArticle,
    on: str | None = None,
    language: str | None = "en",
    host: str = "b.example",
):
    """The score of the report of the rescue."""
    return story_score(
        STORY_POLICY.profile(story, articles), seen(RESCUE, RESCUE_TEXT), on, language, host
    ).value


def candidate(
    number: int,
    headline: str,
    text: str,
    published_at: str | None = None,
    verdict=None,
    event_id: int | None = None,
) -> StoryCandidate:
    return StoryCandidate(
        number, seen(headline, text), published_at, "en", "b.example", event_id, verdict
    )


def judged(story: Story, *candidates: StoryCandidate) -> list[StoryJudgement]:
    return list(list_story(story, candidates).judgements)


def test_another_report_of_the_same_happening_is_listed_and_a_report_of_something_else_is_not():
    _, rescue, games = judged(
        STORY,
        candidate(1, MINE, MINE_TEXT, "2026-03-10", "belongs"),
        candidate(2, RESCUE, RESCUE_TEXT, "2026-03-11"),
        candidate(3, GAMES, GAMES_TEXT, "2026-03-10"),
    )
    assert rescue.tier in ("sure", "likely")
    assert games.tier is None
    assert (rescue.part, rescue.nearest_id) == ("development", 1)


def test_a_reader_sees_by_which_terms_an_article_belongs_the_strongest_first_and_each_once():
    profile = STORY_POLICY.profile(STORY, [confirmed(MINE, MINE_TEXT)])
    terms = story_score(profile, seen(RESCUE, RESCUE_TEXT), None, "en", "b.example").terms
    assert set(terms[:3]) == {"miner", "vellmar", "galleri"}
    assert len(set(terms)) == len(terms)
    assert not any(term.startswith(OPENING_TERM_PREFIX) for term in terms)


def test_what_agrees_in_the_opening_counts_for_more_than_what_agrees_further_down():
    filler = "The weather stayed mild and the market opened late on most days of the week. " * 12
    profile = STORY_POLICY.profile(STORY, [confirmed(MINE, MINE_TEXT)])
    first, last = f"{MINE_TEXT}\n{filler}", f"{filler}\n{MINE_TEXT}"
    early, late = (
        story_score(profile, seen("", text), None, "en", "b.example").value
        for text in (first, last)
    )
    assert early > late > 0


def test_the_same_likeness_counts_for_less_the_further_apart_the_dates_are_but_never_for_nothing():
    start = confirmed(MINE, MINE_TEXT, "2026-03-10T08:00:00Z")
    days = (
        "2026-03-10T09:00:00Z",
        "2026-03-11T09:00:00Z",
        "2026-03-14T09:00:00Z",
        "2027-03-10T09:00:00Z",
    )
    values = [value(STORY, start, on=day) for day in days]
    assert values == sorted(values, reverse=True)
    assert values[0] > 2 * values[-1] > 0
    assert values[1] > value(STORY, start) > values[2], "without a date it stands between"


def test_an_article_is_near_to_the_nearest_of_the_confirmed_ones():
    days = ("2026-03-10T08:00:00Z", "2026-06-01T08:00:00Z")
    profile = STORY_POLICY.profile(STORY, [confirmed(MINE, MINE_TEXT, day) for day in days])
    assert story_time_weight(profile, "2026-06-01T10:00:00Z") == pytest.approx(
        story_time_weight(profile, "2026-03-10T10:00:00Z")
    )
    assert story_time_weight(profile, "2026-04-20T08:00:00Z") < story_time_weight(
        profile, "2026-06-02T08:00:00Z"
    )


def test_a_story_whose_confirmed_articles_lie_weeks_apart_runs_on_and_time_says_less_of_the_others():
    first, later = "2026-03-10T08:00:00Z", "2026-05-20T08:00:00Z"
    profiles = [
        STORY_POLICY.profile(
            STORY, [confirmed(MINE, MINE_TEXT, first), confirmed(RESCUE, RESCUE_TEXT, last)]
        )
        for last in (first, "2026-03-13T08:00:00Z", "2026-03-31T08:00:00Z")
    ]
    a_day, days, weeks = (story_time_weight(profile, later) for profile in profiles)
    assert a_day == pytest.approx(MIN_TIME_WEIGHT, abs=0.01)
    assert a_day < days < weeks < 1.01
    assert weeks > 0.95
    assert story_time_weight(profiles[2], first) > 1.5 * weeks, (
        "what is near in time still counts for more"
    )


@pytest.mark.parametrize("dates", [("2010", "2026-03-10"), ("2026-03-10", "no date")])
def test_a_date_that_says_less_than_the_day_does_not_make_a_story_run_on(dates):
    one, two = (confirmed(MINE, MINE_TEXT, each) for each in dates)
    assert story_time_weight(
        STORY_POLICY.profile(STORY, [one, two]), "2027-03-10"
    ) == pytest.approx(MIN_TIME_WEIGHT)


@pytest.mark.parametrize(
    ("one", "other", "days"),
    [
        ("2026-03-10T08:00:00Z", "2026-03-11T20:00:00Z", 1.5),
        ("2026-03-10", "2026-03-11T23:00:00Z", 1),
        ("2026-03-10T08:00:00", "2026-03-10T08:00:00Z", 0),
        ("2026", "2026-03-10", None),
        ("", "2026-03-10", None),
        ("2026-02-31", "2026-03-10", None),
    ],
)
def test_days_between_moments_that_say_more_or_less(one, other, days):
    assert days_apart(one, other) == days_apart(other, one) == days


def test_words_that_a_person_gives_find_an_article_by_themselves_and_sharpen_a_profile():
    words = replace(STORY, words="trapped miners, Vellmar")
    assert value(words) > 0.2
    games = confirmed(GAMES, GAMES_TEXT)
    assert value(words, games) > value(STORY, games)


@pytest.mark.parametrize(
    ("limits", "stays"),
    [
        ({"languages": ("de", "en")}, True),
        ({"languages": ("de",)}, False),
        ({"hosts": ("www.b.example",)}, True),
        ({"hosts": ("c.example",)}, False),
        ({"since": "2026-03-11"}, True),
        ({"since": "2026-03-11T12:00:00Z"}, False),
        ({"since": "2026-03-12"}, False),
        ({"until": "2026-03-11"}, True),
        ({"until": "2026-03-10"}, False),
    ],
)
def test_what_the_person_leaves_out_scores_nothing(limits, stays):
    score = value(replace(STORY, **limits), confirmed(MINE, MINE_TEXT), on="2026-03-11T08:00:00Z")
    assert (score > 0) is stays


def test_what_is_not_known_of_an_article_does_not_leave_it_out():
    limits = replace(STORY, languages=("en",), since="2026-03-01", until="2026-03-31")
    assert value(limits, confirmed(MINE, MINE_TEXT), on=None, language=None) > 0


def test_what_a_person_rejects_takes_what_is_like_it_along_and_leaves_the_rest():
    candidates = [
        candidate(1, MINE, MINE_TEXT, "2026-03-10", "belongs"),
        candidate(2, RESCUE, RESCUE_TEXT, "2026-03-11"),
        candidate(
            3,
            "Halden Salt shares fall",
            "Shares of Halden Salt fell after the Vellmar mine closed.",
            "2026-03-11",
        ),
        candidate(
            4,
            "Halden Salt shares lose",
            "Halden Salt lost a tenth as its Vellmar mine stays shut.",
            "2026-03-12",
        ),
    ]
    before = judged(STORY, *candidates)
    after = judged(STORY, *candidates[:2], replace(candidates[2], verdict="not"), candidates[3])
    assert after[3].probability < before[3].probability
    assert (
        before[3].probability - after[3].probability > before[1].probability - after[1].probability
    )


def test_an_article_is_of_the_event_that_was_confirmed_or_a_development_or_stands_alone_in_time():
    parts = {
        each.part
        for each in judged(
            STORY,
            candidate(1, MINE, MINE_TEXT, "2026-03-10", "belongs", event_id=1),
            candidate(2, MINE, MINE_TEXT + " Eleven.", "2026-03-10", event_id=1),
            candidate(3, RESCUE, RESCUE_TEXT + " " + MINE_TEXT, "2026-03-13", event_id=3),
            candidate(4, MINE, MINE_TEXT + " " + RESCUE_TEXT, "2026-04-20", event_id=4),
        )
    }
    assert parts == {"event", "development", "background"}


def test_an_article_that_comes_by_itself_is_judged_by_what_the_last_listing_learnt():
    mine = candidate(1, MINE, MINE_TEXT, "2026-03-10", "belongs")
    learnt = list_story(STORY, [mine, candidate(3, GAMES, GAMES_TEXT, "2026-03-10")]).classifier
    profile = STORY_POLICY.profile(
        replace(STORY, classifier=learnt), [confirmed(MINE, MINE_TEXT, "2026-03-10")]
    )
    board = STORY_POLICY.board([profile])
    [rescue] = STORY_POLICY.arrivals(board, candidate(2, RESCUE, RESCUE_TEXT, "2026-03-11"))
    [games] = STORY_POLICY.arrivals(board, candidate(4, GAMES, GAMES_TEXT, "2026-03-11"))
    assert rescue.probability > 0.5
    assert games.probability < 0.3
    assert "vellmar" in rescue.terms


def test_an_article_is_judged_for_each_of_many_stories_as_for_one_alone():
    mine = candidate(1, MINE, MINE_TEXT, "2026-03-10", "belongs")
    games = candidate(3, GAMES, GAMES_TEXT, "2026-03-10", "belongs")
    profiles = []
    for seed, other in ((mine, games), (games, mine)):
        learnt = list_story(STORY, [seed, replace(other, verdict=None)]).classifier
        texts = (MINE, MINE_TEXT) if seed is mine else (GAMES, GAMES_TEXT)
        profiles.append(
            STORY_POLICY.profile(
                replace(STORY, classifier=learnt), [confirmed(*texts, "2026-03-10")]
            )
        )
    profiles.append(STORY_POLICY.profile(STORY, []))
    rescue = candidate(2, RESCUE, RESCUE_TEXT, "2026-03-11")
    together = STORY_POLICY.arrivals(STORY_POLICY.board(profiles), rescue)
    alone = [STORY_POLICY.arrivals(STORY_POLICY.board([each]), rescue)[0] for each in profiles]
    assert [each.tier for each in together] == [each.tier for each in alone]
    assert [each.probability for each in together] == pytest.approx(
        [each.probability for each in alone]
    )
    assert together[0].probability > together[1].probability
    assert together[2].probability == 0.0


def test_a_board_multiplies_an_article_with_each_of_its_stories():
    held = {"ferri": [(0, 0.5, 0.1), (2, 0.25, 0.2)], "strike": [(2, 1.0, 0.0)]}
    first, second = BoardWeights.of(held).products({"ferri": 2.0, "tide": 9.0, "strike": 3.0}, 3)
    assert first.tolist() == [1.0, 0.0, 3.5]
    assert second.tolist() == [0.2, 0.0, 0.4]
    nothing = BoardWeights.of({}).products({"ferri": 2.0}, 3)
    assert [part.tolist() for part in nothing] == [[0.0] * 3] * 2


@pytest.mark.parametrize(
    ("day", "distance"), [(1.0, 2.0), (3.0, 0.0), (6.5, 1.5), (7.0, 1.0), (99.0, 90.0)]
)
def test_the_distance_to_a_story_is_that_to_its_nearest_day(day, distance):
    assert nearest_distance(sorted_days([9.0, nan, 3.0, 5.0, 8.0]), day) == distance


def test_the_distance_from_or_to_an_unknown_day_is_unknown():
    assert isnan(nearest_distance([], 1.0))
    assert isnan(nearest_distance([1.0], nan))


def test_a_story_of_nothing_finds_nothing():
    profile = STORY_POLICY.profile(STORY, [])
    assert STORY_POLICY.terms(profile) == []
    assert story_score(profile, seen(MINE, MINE_TEXT), None, "en", "b.example").value == 0


def test_one_report_in_chinese_finds_another():
    mine = confirmed(
        "盐矿坍塌十一名矿工被困",
        "韦尔马盐矿坍塌,十一名矿工被困井下四百米,救援人员正在钻井。",
        language="zh",
    )
    profile = STORY_POLICY.profile(STORY, [mine])
    other = seen(
        "钻井到达被困矿工所在巷道", "救援钻井黎明时到达韦尔马盐矿被困矿工所在的巷道。", "zh"
    )
    assert story_score(profile, other, None, "zh", "b.example").value > 0.2


def test_search_services_are_asked_for_words_as_people_write_them():
    profile = STORY_POLICY.profile(STORY, [confirmed(MINE, MINE_TEXT)])
    words = story_search_words(profile, [(f"{MINE}\n{MINE_TEXT}", "en")], 5)
    assert {"Vellmar", "miners", "gallery"} & set(words)
    assert not {"galleri", "miner"} & set(words)


def test_where_words_are_not_parted_by_blanks_pairs_of_characters_are_asked_for():
    headline, text = "盐矿坍塌十一名矿工被困", "韦尔马盐矿坍塌,十一名矿工被困井下四百米。"
    profile = STORY_POLICY.profile(STORY, [confirmed(headline, text, language="zh")])
    assert "盐矿" in story_search_words(profile, [(f"{headline}\n{text}", "zh")], 20)


@pytest.mark.slow
@pytest.mark.shared
def test_the_founding_pages_find_each_other_and_none_of_the_headlines_around_them(shared):
    from bench.following import on_founding_pages

    for figure in on_founding_pages(shared):
        if "headlines" in figure.what:
            assert figure.ours == 0, figure.what
        else:
            assert figure.ours >= 0.5, figure.what
            assert figure.ours > figure.other, figure.what
