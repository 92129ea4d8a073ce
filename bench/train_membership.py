"""Training of the membership regressions: `python -m bench.train_membership` writes the weights.

Long stories are followed from one and from three of their articles, among all articles of their
time and in young archives that hold the story and 25 or 100 others; single events from one article,
with dates and without. Each kind of case has a fixed weight, however many articles it has.
`figures` come from four-fold cross-validation by story: they estimate the quality for unseen
stories.
"""

from __future__ import annotations

import json
import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from archive.articles.vocabulary import MIN_FREQUENCY_ARTICLES
from bench.figures import SHARED, Figure, show
from pipelines.text.vectors import term_counts as counted
from pipelines.topics.membership import (
    Array,
    CandidateFeatures,
    Mask,
    adjust_arrivals,
    agree_with_cut,
    arrival_features,
    arrival_threshold,
    candidate_features,
    cosine_matrix,
    cut_story,
    logistic,
    neighbour_features,
)
from pipelines.topics.stories import (
    PERHAPS_PROBABILITY,
    SURE_PROBABILITY,
    days_since_1970,
    opening_weights,
    two_view_vector,
)

Row = dict[str, Any]
EVENTS = ("g5w1h", "wikinews", "basil")
KINDS = {
    "one": 1.0,
    "three": 0.5,
    "young 25": 0.5,
    "young 100": 0.5,
    "event": 1.0,
    "undated": 0.4,
    "lone": 0.0,
}
"""Kind of case → weight."""
LONE = 40
"""Articles that are followed though the archive has nothing else of their story: measured, not
learnt from."""
CANDIDATES = 400
QUARTERS = 4
RIDGE, RIDGE_OF_SECOND = 100.0, 20.0
WHERE = Path(__file__).parent.parent / "pipelines/topics/membership.json"


@dataclass(frozen=True, slots=True)
class Case:
    """A story that is followed from some of its articles."""

    kind: str
    story: str
    weighed: CandidateFeatures
    cosines: Array
    """Cosines of all pairs of candidates: (n, n)."""
    moments: Array
    """When each was published, in days; nan where unknown."""
    belongs: Array
    """True for candidates that belong: (n,), of bool."""
    counts: Array
    """True for candidates that are scored, neither followed nor debatable: (n,), of bool."""
    all: int
    """Articles of the story that should be listed, candidates or not."""
    days: Array
    """Between each candidate and the first that is followed; nan where unknown."""
    confirmed: tuple[int, ...]
    """Indices of the followed candidates."""


class Pool:
    """Articles that an archive has, each as a story sees it among the others."""

    def __init__(
        self, rows: Sequence[Row], counts: Sequence[tuple[dict[str, float], dict[str, float]]]
    ) -> None:
        frequencies = Counter(term for whole, _ in counts for term in whole)
        self.rows = rows
        self.cosines = cosine_matrix(
            [
                two_view_vector(*both, frequencies, max(len(rows), MIN_FREQUENCY_ARTICLES))
                for both in counts
            ]
        )
        self.days = np.array([days_since_1970(row.get("date")) for row in rows])

    def case(
        self,
        kind: str,
        story: str,
        confirmed: Sequence[int],
        dated: bool = True,
        without: Sequence[int] = (),
    ) -> Case:
        """A story followed from some of its articles, by their places, where others are not in the
        archive."""
        towards = self.cosines[:, list(confirmed)].mean(axis=1)
        towards[list(confirmed)] = 2.0
        nearest_first = np.argsort(-towards, kind="stable")
        chosen = nearest_first[~np.isin(nearest_first, without)][:CANDIDATES]
        cosines, places = self.cosines[np.ix_(chosen, chosen)], list(range(len(confirmed)))
        days = self.days[chosen] if dated else np.full(len(chosen), nan)
        belongs = np.array([story in stories_of(row) for row in self.rows])
        counts = np.array([story not in row.get("perhaps", ()) for row in self.rows])
        counts[list(confirmed)] = False
        return Case(
            kind, story, candidate_features(cosines, days, places), cosines, days, belongs[chosen], counts[chosen],
            int((belongs & counts).sum()), np.abs(days - days[0]), tuple(places),
        )  # fmt: skip


def stories_of(row: Row) -> Sequence[str]:
    return row["stories"] if "stories" in row else [row["story"]] if row["story"] else []


def places_by_story(rows: Sequence[Row]) -> dict[str, list[int]]:
    """Return the indices of the articles of each story that has at least two."""
    found = defaultdict(list)
    for place, row in enumerate(rows):
        for story in stories_of(row):
            found[story].append(place)
    return {story: places for story, places in found.items() if len(places) > 1}


def read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def both_views(rows: Sequence[Row]) -> list[tuple[dict[str, float], dict[str, float]]]:
    return [
        (
            counted(row["title"], None, row["text"], "en"),
            opening_weights(row["title"], None, row["text"], "en"),
        )
        for row in rows
    ]


def long_cases(shared: Path, luck: random.Random) -> Iterator[Case]:
    """Yield the cases of stories that last weeks."""
    rows = read(shared / "corpus/stories-long/as21.jsonl")
    counts = both_views(rows)
    pool = Pool(rows, counts)
    for story, places in places_by_story(rows).items():
        for place in luck.sample(places, min(4, len(places))):
            yield pool.case("one", story, [place])
        for _ in range(2 if len(places) >= 5 else 0):
            yield pool.case("three", story, luck.sample(places, 3))
        others = [
            place
            for place, row in enumerate(rows)
            if story not in (*row["stories"], *row["perhaps"])
        ]
        for many in (25, 100, 25, 100):
            held = sorted({*places, *luck.sample(others, many)})
            young = Pool([rows[place] for place in held], [counts[place] for place in held])
            yield young.case(f"young {many}", story, [held.index(luck.choice(places))])


def lone_cases(shared: Path, luck: random.Random) -> Iterator[Case]:
    """Yield cases of articles without a long story; other reports of their event are left out."""
    rows = read(shared / "corpus/stories-long/as21.jsonl")
    pool = Pool(rows, both_views(rows))
    for place in luck.sample(
        [place for place, row in enumerate(rows) if not row["stories"] + row["perhaps"]], LONE
    ):
        mates = [
            each
            for each, row in enumerate(rows)
            if row["event"] == rows[place]["event"] and each != place
        ]
        yield pool.case("lone", rows[place]["id"], [place], without=mates)


def event_cases(shared: Path, luck: random.Random) -> Iterator[Case]:
    """Yield the cases of single events."""
    rows = [row for name in EVENTS for row in read(shared / f"corpus/text-stories/{name}.jsonl")]
    pool = Pool(rows, both_views(rows))
    for number, (story, places) in enumerate(places_by_story(rows).items()):
        if number % 5 < 2:
            yield pool.case("event", story, [luck.choice(places)])
        if number % 5 == 0:
            yield pool.case("undated", story, [luck.choice(places)], dated=False)


# -- learning --------------------------------------------------------------------------------------

Signs = Sequence[Array]
"""The feature matrix of each case: (candidates, features)."""


def of_listing(cases: Sequence[Case]) -> Signs:
    return [case.weighed.signs for case in cases]


def of_arrival(cases: Sequence[Case], inside: Sequence[Mask]) -> Signs:
    return [
        arrival_features(case.cosines, case.moments, case.confirmed, each)[1]
        for case, each in zip(cases, inside, strict=True)
    ]


def of_company(cases: Sequence[Case], chances: Sequence[Array]) -> Signs:
    return [
        neighbour_features(case.weighed.likeness, each, case.confirmed)
        for case, each in zip(cases, chances, strict=True)
    ]


def learn(
    cases: Sequence[Case], signs: Signs, but: int | None = None, ridge: float = RIDGE
) -> Array:
    """The weights of a logistic regression with a ridge on all but the last, the constant one
    (Newton's method).

    `but`: the quarter of the stories that is left out.
    """
    chosen = [
        (case, each) for case, each in zip(cases, signs, strict=True) if quarter(case.story) != but
    ]
    many = Counter(case.kind for case, _ in chosen)
    seen = np.vstack([each[case.counts] for case, each in chosen])
    said = np.concatenate([case.belongs[case.counts] for case, _ in chosen]).astype(float)
    weight = np.concatenate(
        [np.full(case.counts.sum(), 100 * KINDS[case.kind] / many[case.kind]) for case, _ in chosen]
    )
    middle, scale = seen.mean(axis=0), seen.std(axis=0)
    middle[-1], scale[-1] = 0.0, 1.0
    scale[scale < 1e-9] = 1.0
    normed = (seen - middle) / scale
    penalty = np.eye(seen.shape[1]) * ridge
    penalty[-1, -1] = 1e-6
    weights = np.zeros(seen.shape[1])
    for _ in range(40):
        chance = logistic(normed @ weights)
        slope = normed.T @ (weight * (said - chance)) - penalty @ weights
        bend = (normed * (weight * chance * (1 - chance))[:, None]).T @ normed + penalty
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    learnt: Array = weights / scale
    learnt[-1] = weights[-1] - (weights[:-1] * middle[:-1] / scale[:-1]).sum()
    return learnt


def quarter(story: str) -> int:
    return zlib.crc32(story.encode()) % QUARTERS


def left_out(cases: Sequence[Case], signs: Signs, ridge: float = RIDGE) -> list[Array]:
    """Return the probabilities of each case by weights learnt from the other quarters' stories."""
    weights = [learn(cases, signs, part, ridge) for part in range(QUARTERS)]
    return [
        logistic(each @ weights[quarter(case.story)])
        for case, each in zip(cases, signs, strict=True)
    ]


# -- figures ---------------------------------------------------------------------------------------

WANTED = {
    "one": "≥ .90, ≥ .85, ≥ .87",
    "three": "F1 ≥ .90",
    "young 25": "F1 ≥ .89",
    "young 100": "F1 ≥ .85",
}


def all_cases(shared: Path) -> list[Case]:
    luck = random.Random(1)  # which articles are followed
    return [*long_cases(shared, luck), *event_cases(shared, luck), *lone_cases(shared, luck)]


def figures(shared: Path, half: str = "report") -> Iterator[Figure]:
    """Yield the figures of listings for stories outside the training set."""
    del half  # every story is reported by the weights of the others
    yield from measured_apart(all_cases(shared))


def measured_apart(cases: Sequence[Case]) -> Iterator[Figure]:
    chances, inside = listed_apart(cases)
    agreeing = [agree_with_cut(*each) for each in zip(chances, inside, strict=True)]
    yield from measured(list(zip(cases, agreeing, strict=True)), "listed")
    arrived = left_out(cases, of_arrival(cases, inside))
    barred = [
        adjust_arrivals(each, arrival_threshold(each, within, case.confirmed))
        for case, each, within in zip(cases, arrived, inside, strict=True)
    ]
    yield from measured(list(zip(cases, barred, strict=True)), "on arrival")


def listed_apart(cases: Sequence[Case]) -> tuple[list[Array], list[Mask]]:
    """Return probabilities and listings of each case by weights of the other quarters."""
    first = left_out(cases, of_listing(cases))
    second = left_out(cases, of_company(cases, first), RIDGE_OF_SECOND)
    cuts = [
        cut_story(by_signs, by_company, case.weighed.links, case.moments, case.confirmed)
        for case, by_signs, by_company in zip(cases, first, second, strict=True)
    ]
    return [chances for chances, _ in cuts], [inside for _, inside in cuts]


def measured(judged: Sequence[tuple[Case, Array]], where: str) -> Iterator[Figure]:
    for kind in KINDS:
        came = [Came.of(case, chances) for case, chances in judged if case.kind == kind]
        named = f"stories left out, {kind}, {where}"
        if kind == "lone":
            yield Figure(
                f"{named}: articles of which nothing is listed",
                mean([each.precision for each in came]),
            )
            continue
        yield Figure(f"{named}: precision", mean([each.precision for each in came]))
        yield Figure(f"{named}: recall", mean([each.recall for each in came]))
        yield Figure(f"{named}: F1", mean([each.f1 for each in came]), wanted=WANTED.get(kind, ""))
        yield Figure(f"{named}: R-precision", mean([each.best for each in came]))
        sure, right = (sum(each.sure[place] for each in came) for place in (0, 1))
        yield Figure(f"{named}: sure ones that are right", right / max(1, sure), wanted="≥ .97")
        yield Figure(
            f"{named}: recall of sure ones",
            right / max(1, sum(each.all for each in came)),
            wanted="≥ .60",
        )
        far, found = (sum(each.far[place] for each in came) for place in (0, 1))
        if kind == "one":
            yield Figure(f"{named}: recall 15 to 45 days away", found / max(1, far), wanted="≥ .75")
    some = [(case, chances) for case, chances in judged if case.kind in ("one", "three")]
    yield Figure(
        f"stories left out, {where}: error of calibration", calibration(some), wanted="≤ .05"
    )


@dataclass(frozen=True, slots=True)
class Came:
    """The result of following a story."""

    precision: float
    recall: float
    f1: float
    best: float
    """The share that belongs of as many as belong, those first that are likeliest."""
    sure: tuple[int, int]
    """Number of sure articles, and number of right ones among them."""
    far: tuple[int, int]
    """Number of articles 15 to 45 days away, and number of listed ones among them."""
    all: int

    @staticmethod
    def of(case: Case, chances: Array) -> Came:
        chances, belongs, days = (
            chances[case.counts],
            case.belongs[case.counts],
            case.days[case.counts],
        )
        listed, sure, far = (
            chances >= 0.5,
            chances >= SURE_PROBABILITY,
            belongs & (days > 15) & (days <= 45),
        )
        right = int((listed & belongs).sum())
        precision = right / listed.sum() if listed.any() else 1.0
        recall = right / case.all if case.all else 1.0
        first = np.argsort(-chances, kind="stable")[: case.all]
        return Came(
            precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0,
            float(belongs[first].sum()) / case.all if case.all else 1.0,
            (int(sure.sum()), int((sure & belongs).sum())), (int(far.sum()), int((far & listed).sum())), case.all,
        )  # fmt: skip


def calibration(judged: Sequence[tuple[Case, Array]]) -> float:
    """Mean distance, over tenths from PERHAPS on, of the probability said from the share that
    belongs."""
    said = np.concatenate([chances[case.counts] for case, chances in judged])
    belongs = np.concatenate([case.belongs[case.counts] for case, _ in judged])
    tenths = np.floor(said * 10)
    apart = [
        abs(said[tenths == tenth].mean() - belongs[tenths == tenth].mean())
        * (tenths == tenth).sum()
        for tenth in np.unique(tenths[said >= PERHAPS_PROBABILITY])
    ]
    return float(sum(apart) / max(1, (said >= PERHAPS_PROBABILITY).sum()))


def mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def main() -> None:
    cases = all_cases(SHARED)
    show(("membership", each) for each in measured_apart(cases))
    apart = left_out(cases, of_listing(cases))
    learnt = {
        "first": learn(cases, of_listing(cases)),
        "second": learn(cases, of_company(cases, apart), ridge=RIDGE_OF_SECOND),
        "arrivals": learn(cases, of_arrival(cases, listed_apart(cases)[1])),
    }
    rows = ",\n".join(
        f'"{name}": {[round(float(each), 4) for each in values]}' for name, values in learnt.items()
    )
    WHERE.write_text(f"{{{rows}}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
