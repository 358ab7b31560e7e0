"""Rates against scipy's, and labels that cannot be read."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from transforms.errors import InputError
from transforms.instruct.auditing.drawing import Stratum
from transforms.instruct.auditing.labels import Label, read_labels
from transforms.instruct.auditing.rates import rates, wilson
from transforms.instruct.auditing.sheet_file import SheetFile
from transforms.storage import StoragePath

A, B, C = (Stratum("s", "templates", language) for language in ("en", "zh", "fr"))


@given(st.integers(1, 500), st.data())
def test_the_interval_is_wilsons(number: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, number))
    expected = binomtest(wrong, number).proportion_ci(0.95, "wilson")
    assert wilson(wrong / number, number) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert wilson(0.0, 0) == (0.0, 1.0)


def sheet(population: dict[Stratum, int], drawn: int) -> SheetFile:
    items = {f"{stratum.language}{at}": stratum for stratum in population for at in range(drawn)}
    return SheetFile("f", population, items)


def test_strata_count_by_what_they_hold() -> None:
    found = sheet({A: 900, B: 100}, 10)
    labels: dict[str, Label] = {f"en{at}": "right" for at in range(10)}
    labels |= {f"zh{at}": "wrong" if at < 5 else "right" for at in range(10)}
    told = rates(found, labels)
    assert (told.strata[A].share, told.strata[B].share, told.all.share) == (0.0, 0.5, pytest.approx(0.05))
    assert told.all[:5] == (1000, 20, 20, 5, 0) and not told.unlabelled
    # 900 of 1,000 lie in a stratum of ten labels: little more is known than ten labels say
    effective = 1000**2 / (900**2 / 10 + 100**2 / 10)
    assert (told.all.low, told.all.high) == pytest.approx(wilson(0.05, effective))


def test_strata_of_one_size_are_as_one() -> None:
    labels: dict[str, Label] = {
        f"{language}{at}": "wrong" if at == 0 else "right" for language in ("en", "zh") for at in range(10)
    }
    told = rates(sheet({A: 50, B: 50}, 10), labels).all
    assert (told.share, told.low, told.high) == pytest.approx((0.1, *wilson(0.1, 20)))


def test_nothing_is_known_of_what_has_no_label() -> None:
    told = rates(sheet({A: 9, B: 9, C: 9}, 2), {"en0": "right", "zh0": "unsure"})
    assert told.unlabelled == (B, C) and told.strata[B][2:] == (0, 0, 1, 0.0, 0.0, 1.0)
    assert told.all.labelled == 1 and rates(sheet({}, 0), {}).all.high == 1.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('id,label,note\nen0,right,\nen1, Wrong ,"a, b"\nen2,,\n', {"en0": "right", "en1": "wrong"}),
        ("\ufeffid,label\r\nen0,unsure\r\n", {"en0": "unsure"}),
        ('{"fingerprint": "f", "labels": [{"id": "en0", "label": "right", "note": ""}]}', {"en0": "right"}),
    ],
)
def test_labels_as_the_page_saves_them_and_as_tables(text: str, found: dict[str, str], tmp_path: pathlib.Path) -> None:
    (tmp_path / "labels").write_text(text)
    assert read_labels(StoragePath.of(tmp_path / "labels"), "f", ["en0", "en1", "en2"]) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "no labels at"),
        ("", "id and label are needed"),
        ("id,verdict\nen0,right\n", "the columns id, verdict"),
        ("id,label\nen0,good\n", "label 1 .'en0'. is 'good'; labels are right, wrong, unsure"),
        ("id,label\nfr9,right\n", "'fr9'. is of no item of this sheet"),
        ("id,label\nen0,right\nen0,wrong\n", "says wrong, and right before"),
        ('{"fingerprint": "g", "labels": []}', "a sheet of g, and this one is of f"),
        ('{"labels": 3}', "no file of labels"),
        ("{", "no file of labels"),
    ],
)
def test_labels_that_cannot_be_read_say_why(text: str | None, why: str, tmp_path: pathlib.Path) -> None:
    if text is not None:
        (tmp_path / "labels").write_text(text)
    with pytest.raises(InputError, match=why):
        read_labels(StoragePath.of(tmp_path / "labels"), "f", ["en0"])
