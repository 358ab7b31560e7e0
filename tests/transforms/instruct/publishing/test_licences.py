"""What licences ask, and which of them restricts most."""

from __future__ import annotations

import pytest

from transforms.instruct.publishing.licences import ledger_values, most_restrictive, obligations_of
from transforms.instruct.publishing.parts import Ledger


@pytest.mark.parametrize(
    ("licence", "asked"),
    [
        ("CC0-1.0", ()),
        ("Apache-2.0", ("attribution",)),
        ("MIT", ("attribution",)),
        ("cc-by-4.0", ("attribution",)),
        ("CC BY-SA 4.0", ("attribution", "share_alike")),
        ("CC-BY-NC-4.0", ("attribution", "non_commercial")),
        ("cc-by-nc-nd-4.0", ("attribution", "non_commercial", "no_derivatives")),
        ("ODbL-1.0", ("attribution", "share_alike")),
        ("unknown", ("unknown",)),
        ("permitted by mail", ("unknown",)),
    ],
)
def test_obligations(licence: str, asked: tuple[str, ...]) -> None:
    assert obligations_of(licence) == asked


def test_the_most_restrictive_of_those_that_bind() -> None:
    counts = {"MIT": 5, "CC-BY-SA-4.0": 1, "CC-BY-NC-4.0": 2, "unknown": 0}
    assert most_restrictive(counts) == "CC-BY-NC-4.0"
    assert most_restrictive({**counts, "CC-BY-NC-SA-4.0": 1}) == "CC-BY-NC-SA-4.0"
    assert most_restrictive({"CC0-1.0": 1}) == "CC0-1.0"
    assert most_restrictive({}) is None


def test_the_ledger_counts_copies() -> None:
    ledger = Ledger()
    ledger["train", "a", "MIT", "ocr", ("openai", "qwen"), "en"] = 3
    ledger["val", "b", "MIT", "ocr", (), "zh"] = 2
    told = ledger_values(ledger)
    assert told["licences"]["MIT"] == {"samples": 5, "obligations": ["attribution"], "sources": {"a": 3, "b": 2}}
    assert told["model_terms"] == {"openai": 3, "qwen": 3} and told["without_model_terms"] == 2
