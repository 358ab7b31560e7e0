"""What was promised of balancing, held against the figures that are kept of the embedded corpus."""

from __future__ import annotations

import pytest

from tests.benchmarks.kept_results import kept


@pytest.mark.slow
def test_true_concepts_are_even_though_only_retrieved_ones_are_seen() -> None:
    figures = kept("mini")
    assert figures["even_retrieved_entropy"] >= 0.952
    assert figures["even_true_entropy"] >= 0.939
