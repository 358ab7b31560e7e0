"""MinHash in documents a second, beside a plain datasketch loop: ``python -m tests.benchmarks.bench_minhash``.

Questions with their answers, of the lengths of instruction rows (drawn words, lognormal, 60 in the median). Both sides
go from normalised text to the keys of 16 bands of 128 permutations, on one core, and sign the same sets with the same
scheme; that their signatures are equal is tested. The loop is measured twice: as its manual shows it (words joined and
hashed by SHA-1), and given the numbers that we have for sequences of words, which leaves its permutations alone.
"""

from __future__ import annotations

import numpy as np
from datasketch import MinHash

from tests.benchmarks.harness import best_secs, keep
from transforms.instruct.duplicates.shingles import shingle_sets
from transforms.instruct.duplicates.signatures import SCHEME, SEED, band_keys, signatures

DOCUMENTS = 5_000
WORDS = 30_000  # of the vocabulary, drawn by Zipf's law
PERMUTATIONS, BANDS = 128, 16
WIDTH = 3  # words of a sequence


def make_documents() -> list[str]:
    random = np.random.default_rng(0)
    lengths = np.clip(random.lognormal(np.log(60), 0.8, DOCUMENTS), 3, 2_000).astype(int)
    return [" ".join(f"w{word % WORDS}" for word in random.zipf(1.2, length)) for length in lengths]


def at_once(documents: list[str]) -> np.ndarray:
    return band_keys(signatures(*shingle_sets(documents, "question"), PERMUTATIONS), BANDS)


def one_by_one(documents: list[str]) -> list[list[bytes]]:
    rows = PERMUTATIONS // BANDS
    permutations = MinHash(PERMUTATIONS, seed=SEED, scheme=SCHEME).permutations  # drawn once, as its manual advises
    found = []
    for text in documents:
        words = text.split()
        signed = MinHash(PERMUTATIONS, seed=SEED, scheme=SCHEME, permutations=permutations)
        signed.update_batch([" ".join(words[at : at + WIDTH]).encode() for at in range(max(len(words) - WIDTH + 1, 1))])
        found.append([signed.hashvalues[at : at + rows].tobytes() for at in range(0, PERMUTATIONS, rows)])
    return found


def sign_one_by_one(sets: list[np.ndarray]) -> None:
    permutations = MinHash(PERMUTATIONS, seed=SEED, scheme=SCHEME).permutations
    for values in sets:
        signed = MinHash(PERMUTATIONS, seed=SEED, scheme=SCHEME, hashfunc=int, permutations=permutations)
        signed.update_batch(values.tolist())


def main() -> None:
    documents = make_documents()
    flat, lengths = shingle_sets(documents, "question")
    sets = np.split(flat, np.cumsum(lengths)[:-1])
    at_once(documents[:100]), one_by_one(documents[:100])  # warm
    ours, loop = best_secs(lambda: at_once(documents)), best_secs(lambda: one_by_one(documents))
    signing = best_secs(lambda: signatures(flat, lengths, PERMUTATIONS))
    loop_signing = best_secs(lambda: sign_one_by_one(sets))
    keep(
        "minhash",
        documents=DOCUMENTS,
        sequences_a_document=float(lengths.mean()),
        ours_documents_a_second_a_core=DOCUMENTS / ours,
        datasketch_documents_a_second_a_core=DOCUMENTS / loop,
        ratio=loop / ours,
        signing_alone_ratio=loop_signing / signing,
    )


if __name__ == "__main__":
    main()
