"""Rates of many groups: intervals, posteriors, and which is the best, against sums in plain Python and against the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixels.beta_binomial import USUAL_SPREAD, Beliefs, believe, wilson
from tests.banner_worlds import Kind, worlds
from tests.unit.pixels import comparison_oracle

Counts = list[tuple[int, int]]
counts = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def of(rows: Counts) -> Beliefs:
    table = np.array(rows, np.int64)
    return believe(table[:, 0], table[:, 1])


@given(counts)
def test_an_interval_has_the_rates_that_the_counts_do_not_refuse(row: tuple[int, int]) -> None:
    """Wilson's: found by trying rates, also of none and of all."""
    lower, upper = wilson(np.array([row[0]]), np.array([row[1]]))

    assert (lower[0], upper[0]) == pytest.approx(comparison_oracle.wilson(*row), abs=1e-9)


@pytest.mark.parametrize(
    "rows",
    [
        [(50, 1_000), (60, 1_000)],
        [(30, 300), (10, 300), (1, 9)],
        [(0, 40), (0, 40), (3, 200)],
        [(20, 200), (21, 200), (22, 200), (5, 20)],
    ],
)
def test_beliefs_are_what_summing_over_all_that_is_unknown_gives(rows: Counts) -> None:
    """15 priors stand for all spreads and means: probabilities are within 0.03 of the sum over 264, rates within an eighth of themselves."""
    found, expected = of(rows), comparison_oracle.posterior(rows, USUAL_SPREAD)

    assert list(found.mean) == pytest.approx([mean for mean, _, _ in expected], rel=0.125)
    assert list(found.best) == pytest.approx([best for _, best, _ in expected], abs=0.03)
    assert list(found.loss) == pytest.approx([loss for _, _, loss in expected], abs=0.004)


@given(st.lists(counts, min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_beliefs_hang_together(rows: Counts) -> None:
    """Probabilities sum to 1, whoever is equal is believed equal, means lie in their intervals; order and repetition are nothing."""
    found = of(rows)

    assert found.best.sum() == pytest.approx(1)
    assert ((found.lower <= found.mean) & (found.mean <= found.upper)).all()
    assert ((found.shrinkage >= 0) & (found.shrinkage <= 1)).all()
    assert (found.loss >= 0).all()
    again = of(rows[::-1])
    for name in ("mean", "lower", "upper", "shrinkage", "best", "loss"):
        assert list(getattr(again, name)[::-1]) == list(getattr(found, name))
    of_row = dict(zip(rows, found.best, strict=True))
    assert [of_row[row] for row in rows] == list(found.best)


@given(st.lists(counts, min_size=2, max_size=6), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_one_more_who_went_on_makes_a_group_better(rows: Counts, chosen: int) -> None:
    """More of the same entries: a higher expected rate, and no less probable to be the best."""
    place = chosen % len(rows)
    k, n = rows[place]
    if k == n:
        return
    before, after = of(rows), of([*rows[:place], (k + 1, n), *rows[place + 1 :]])

    assert after.mean[place] > before.mean[place]
    assert after.best[place] >= before.best[place] - 0.02


def test_few_entries_are_drawn_further_to_the_whole() -> None:
    """Of the same rate the smaller group is drawn further, and neither beyond the whole."""
    found = of([(10, 20), (500, 1_000), *[(100, 1_000)] * 10])

    assert found.shrinkage[0] > found.shrinkage[1]
    assert 0.1 < found.mean[0] < found.mean[1] < 0.5


def test_groups_that_differ_by_chance_alone_are_drawn_together() -> None:
    """Forty banners of one rate: each is drawn to it by more than three quarters, and none is said to be the best."""
    random = np.random.default_rng(7)
    entries = np.full(40, 500)
    found = believe(random.binomial(entries, 0.1), entries)

    assert found.shrinkage.min() > 0.75
    assert found.best.max() < 0.2


def test_one_group_is_the_best_of_one() -> None:
    """There is nothing to lose, and nothing to be drawn to but itself."""
    found = of([(5, 100)])

    assert (found.best[0], found.loss[0]) == (1, pytest.approx(0, abs=1e-4))
    assert found.mean[0] == pytest.approx(0.05, abs=0.01)


def test_equal_groups_share_the_probability() -> None:
    """Also when nobody of any went on."""
    for row in ((0, 30), (7, 30), (30, 30)):
        assert list(of([row] * 4).best) == pytest.approx([0.25] * 4)


@pytest.mark.parametrize("groups", [200, 1_500])
def test_hundreds_of_groups_share_one_probability(groups: int) -> None:
    """All different: of more than 200 one prior stands for the fifteen."""
    random = np.random.default_rng(3)
    entries = random.integers(1, 5_000, groups)
    converted = random.binomial(entries, random.beta(20, 380, groups))

    found = believe(converted, entries)

    assert found.best.sum() == pytest.approx(1)


def test_a_hundred_thousand_values_of_few_counts_are_no_work() -> None:
    """Somebody compares by a click id: each value has one visitor or two."""
    random = np.random.default_rng(4)
    entries = random.integers(1, 3, 100_000)
    found = believe(random.binomial(entries, 0.1), entries)

    assert found.best.sum() == pytest.approx(1)
    assert found.best.max() < 0.001


def test_intervals_and_probabilities_hold_against_the_truth() -> None:
    """A small form of `benchmarks/comparison`: 600 banners of 120 worlds, of which the truth is known."""
    found = worlds([Kind(5, rate, None) for rate in (0.02, 0.05, 0.2)], 40, seed=20261123)

    assert 0.93 < found.wilson.mean() < 0.97
    assert 0.92 < found.credible.mean() < 0.98
    for _, _, number, said, true in found.calibration():
        assert abs(said - true) < 3 * (0.25 / number) ** 0.5 * max(0.2, 2 * (said * (1 - said)) ** 0.5)
    assert found.leaders_true_loss.mean() == pytest.approx(found.leaders_loss.mean(), abs=0.003)
    assert found.error_of_shrunk.mean() < 0.8 * found.error.mean()
