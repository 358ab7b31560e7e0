"""The program of ``even`` against a general solver, on instances small enough for one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from transforms.balancing.even.incidence import Incidence
from transforms.balancing.even.program import Caps, Point, Problem, copies_at, first_point, solve

V = 4


def capped(group: np.ndarray, max_copies: int) -> Caps:
    """One cap over a cell of each group, and one over a cell of one."""
    cell = 2 * group + (np.arange(25) % 5 < 2)
    return Caps(np.array([[0, 1, 0, 1], [1, 0, 0, 0]], bool), max_copies * np.array([3.9, 2.4]), cell)


def problem(seed: int, floors: bool, max_copies: int, caps: bool = False) -> Problem:
    """25 images in two groups; floors that a selection inside the bounds keeps."""
    random = np.random.default_rng(seed)
    ids = np.sort(random.integers(0, V + 1, (25, 3)).astype(np.int32))
    ids[:, 1:][ids[:, 1:] == ids[:, :-1]] = V
    ids[:V, 0] = np.arange(V)  # every concept is there
    ids[:V, 1:] = V
    group = np.arange(25, dtype=np.int64) % 2
    size = max_copies * np.array([5.0, 4.0])
    target = random.random(V) + 0.2
    found = Problem(
        *(
            Incidence.of(ids, V),
            np.ones(25),
            group,
            size,
            np.ones(V),
            np.log(target / target.sum()),
            np.zeros(V),
            0.5,
            max_copies,
        ),
        capped(group, max_copies) if caps else Caps.none(25),
    )
    kept = 1 + found.images.of_concepts(np.where(group == 0, size[0] / 13, size[1] / 12))
    return found.with_floor(np.where(np.arange(V) % 2, kept * 0.95, 0.0) * floors)


def objective(given: Problem, kappa: float, copies: np.ndarray) -> tuple[float, np.ndarray]:
    """The negative of what is maximised, by its definition, and its gradient."""
    achieved = given.fixed + given.images.of_concepts(copies)
    mass = achieved.sum()
    value = mass * np.log(mass) - achieved @ np.log(achieved) + achieved @ given.log_target - kappa * mass
    value += given.tau * (copies - copies * np.log(copies)).sum()
    each = np.log(mass / achieved) + given.log_target - kappa
    return -value, -(given.images.of_images(each) - given.tau * np.log(copies))


def solved(given: Problem, kappa: float) -> tuple[Point, float]:
    """The program at κ, and the least value of its dual: M is set to what was achieved until it rests."""
    point = first_point(given)
    for _ in range(200):
        mass = point.achieved.sum()
        point, _ = solve(given, float(np.log(mass)) - kappa, point, (1e-9, 5000))
        if abs(point.achieved.sum() - mass) < 1e-9:
            break
    return point, point.dual - float(mass)  # (1 + log M)·M, the tangent, is M above M·log M


@pytest.mark.slow
@hypothesis_settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.booleans(), st.sampled_from([1, 3]), st.floats(-1, 0))
def test_a_general_solver_finds_the_same(seed: int, floors: bool, caps: bool, max_copies: int, kappa: float) -> None:
    instance = problem(seed, floors and not caps, max_copies, caps)
    point, dual = solved(instance, kappa)
    in_group = np.stack([instance.group == 0, instance.group == 1]).astype(float)
    holds = instance.images.by_concept.toarray()
    least = np.maximum(instance.floor - instance.fixed, 0)
    under = instance.caps.holds[:, instance.caps.cell].astype(float)
    most = [LinearConstraint(under, -np.inf, instance.caps.most)] if caps else []
    start = (instance.size / in_group.sum(axis=1)) @ in_group
    found = minimize(
        lambda copies: objective(instance, kappa, copies),
        start,
        jac=True,
        method="SLSQP",
        bounds=[(1e-12, max_copies)] * 25,
        constraints=[
            LinearConstraint(in_group, instance.size, instance.size),
            LinearConstraint(holds, least, np.inf),
            *most,
        ],
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert point.achieved @ np.ones(V) == pytest.approx(instance.fixed.sum() + holds.sum(axis=0) @ point.copies)
    assert (point.achieved >= instance.floor - 1e-6).all()
    assert (under @ point.copies <= instance.caps.most + 1e-6).all()
    assert objective(instance, kappa, np.maximum(point.copies, 1e-300))[0] <= found.fun + 1e-6
    np.testing.assert_allclose(holds @ point.copies, holds @ found.x, atol=2e-3)  # as near as SLSQP comes
    assert dual == pytest.approx(-found.fun, abs=1e-6)  # no selection is better than the dual's least value


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=20),
    st.floats(0.01, 0.999),
    st.integers(1, 4),
    st.sampled_from([0.01, 0.25, 2.0]),
    st.floats(-100, 100),
)
def test_copies_add_up_to_the_size_from_any_guess(
    scores: list[float], share: float, max_copies: int, tau: float, guess: float
) -> None:
    score, weight = np.array(scores), np.linspace(1, 2, len(scores))
    size = share * max_copies * weight.sum()
    copies, nu = copies_at(score, weight, size, tau, max_copies, guess)
    assert weight @ copies == pytest.approx(size, rel=1e-6)
    assert copies.max() <= max_copies
    np.testing.assert_allclose(copies, np.minimum(np.exp(np.minimum((score - nu) / tau, 600)), max_copies))


def test_the_size_may_be_nothing_or_everything() -> None:
    score = np.array([0.0, 1.0, 5.0])
    assert copies_at(score, np.ones(3), 0.0, 0.25, 2, 0.0)[0].tolist() == [0, 0, 0]
    assert copies_at(score, np.ones(3), 6.0, 0.25, 2, 0.0)[0].tolist() == [2, 2, 2]
