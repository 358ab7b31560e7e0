"""How well types are told that WordNet does not: ``python -m tests.benchmarks.bench_concept_types``.

A tenth of WordNet's lemmas, chosen by their hash, is hidden and typed by the rest. Hidden lemmas that are inflected
forms (glasses, arms) mean something of their own, so Morphy is right of them less often than of words in use.
"""

from __future__ import annotations

import argparse
import pathlib

from concept_vocab.type_accuracy import hide, measure
from concept_vocab.wordnet.dictionary import USUAL_FOLDER, read_dictionary
from tests.benchmarks.harness import keep


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=pathlib.Path, default=pathlib.Path(USUAL_FOLDER))
    folder = parser.parse_args().wordnet
    accuracy = measure(hide(read_dictionary(lambda name: (folder / name).read_bytes())))
    typed = sum(one.typed for one in accuracy.by_method.values())
    right = sum(one.right for one in accuracy.by_method.values())
    keep(
        "concept_types",
        hidden=accuracy.hidden,
        typed=typed / accuracy.hidden,
        right_of_typed=right / typed,
        right_of_hidden=right / accuracy.hidden,
        by_method={name: {"typed": one.typed, "right": one.share} for name, one in accuracy.by_method.items()},
        by_type={name: {"typed": one.typed, "right": one.share} for name, one in accuracy.by_type.items()},
    )


if __name__ == "__main__":
    main()
