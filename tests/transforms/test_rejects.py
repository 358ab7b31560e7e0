"""Counts that add up, and the share of rejects at which a stage ends."""

from __future__ import annotations

import pytest

from transforms.errors import EvenweaveError
from transforms.rejects import Counts, Reason, Reject


def test_rows_of_a_shard_are_those_let_through_and_the_rejects() -> None:
    rejects = [
        Reject("a", Reason.TOO_SMALL, ""),
        Reject("b", Reason.EMPTY_IMAGE, ""),
        Reject("c", Reason.TOO_SMALL, ""),
    ]
    counts = Counts.of(4, rejects)
    assert counts == Counts(7, 4, {"empty_image": 1, "too_small": 2})
    assert list(counts.rejects) == ["empty_image", "too_small"]  # in an order that depends on no row
    assert counts.rejected == 3
    counts.check("annotate")


def test_adding_is_exact_and_its_order_does_not_matter() -> None:
    one, other = Counts(5, 3, {"too_small": 2}), Counts(4, 1, {"too_small": 1, "empty_image": 2})
    assert one + other == other + one == Counts(9, 4, {"empty_image": 2, "too_small": 3})
    assert list((one + other).rejects) == list((other + one).rejects) == ["empty_image", "too_small"]
    assert Counts() + one == one
    assert (one.rejects, other.rejects) == ({"too_small": 2}, {"too_small": 1, "empty_image": 2})


def test_at_rest_and_back() -> None:
    counts = Counts(3, 1, {"too_small": 1, "empty_image": 1})
    assert counts.to_dict() == {"rows_in": 3, "rows_out": 1, "rejects": {"empty_image": 1, "too_small": 1}}
    assert list(counts.to_dict()["rejects"]) == ["empty_image", "too_small"]
    assert Counts.from_dict(counts.to_dict()) == counts


@pytest.mark.parametrize(("share", "rejected"), [(0.25, 25), (0.1, 10), (0.0, 0), (1.0, 100)])
def test_the_share_itself_passes_and_one_more_does_not(share: float, rejected: int) -> None:
    Counts(100, 100 - rejected, {"too_small": rejected} if rejected else {}).check("annotate", share)
    if rejected < 100:
        more = Counts(100, 99 - rejected, {"too_small": rejected, "empty_image": 1})
        with pytest.raises(
            EvenweaveError, match=rf"annotate: {rejected + 1} of 100 rows were rejected .* share {share:g}"
        ):
            more.check("annotate", share)


def test_the_three_most_frequent_reasons_are_named() -> None:
    counts = Counts(20, 0, {"too_small": 1, "empty_image": 9, "too_long": 3, "no_answer": 7})
    with pytest.raises(EvenweaveError, match=r"\(empty_image 9, no_answer 7, too_long 3\)"):
        counts.check("annotate", 0.5)
    Counts().check("annotate", 0.0)  # nothing in, nothing lost


@pytest.mark.parametrize(("rows_out", "lost"), [(6, 1), (5, 2), (9, 2)])
def test_lost_rows_are_an_error_whatever_the_share(rows_out: int, lost: int) -> None:
    with pytest.raises(EvenweaveError, match=rf"10 rows in, but {rows_out} out and 3 rejected. {lost} are unaccounted"):
        Counts(10, rows_out, {"too_small": 3}).check("annotate")
