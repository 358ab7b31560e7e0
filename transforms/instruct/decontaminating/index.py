"""All benchmarks of a run, to be asked which of their images and questions something is.

Shape legend: Q questions, I distinct images, V variants of each, G pairs of n-gram and question, N hashes asked for.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from PIL import Image

from transforms.annotating.faiss_library import import_faiss
from transforms.datasets import read_table
from transforms.instruct.decontaminating.comparing import have_one_shape
from transforms.instruct.decontaminating.fingerprints import FINGERPRINTS, FingerprintFiles
from transforms.instruct.decontaminating.pictures import Picture
from transforms.storage import StoragePath

_BANDS, _BAND_BITS = 4, 16  # of a perceptual hash
_FINE_BYTES = 128
_MOST_PICTURES = 512  # small copies that are held, of 64 KB at most: what looks alike is asked for again and again
_MOST_NEAR = 16  # images that one picture is compared with, the nearest


class BenchmarkPrints(NamedTuple):
    """One benchmark of the settings, and its files with the fingerprint that they carry."""

    name: str
    files: tuple[FingerprintFiles, ...]
    fingerprint: str
    match_names: bool


class _Stored(NamedTuple):
    """Where the small picture of an image lies; ``file`` is None where only hashes are kept."""

    file: StoragePath | None
    offset: int
    size_bytes: int
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height


class NgramTable(NamedTuple):
    """(G,) sorted by hash; ``known`` (Q,) how many n-grams of each question say something."""

    hashes: NDArray[np.uint64]
    questions: NDArray[np.int64]
    known: NDArray[np.int64]

    @classmethod
    def of(cls, hashes: NDArray[np.uint64], questions: NDArray[np.int64], owner: NDArray[np.int64], most: int) -> Any:
        """``owner`` (Q,) the benchmark of each question: n-grams in more than ``most`` of one are left out."""
        order = np.lexsort((questions, owner[questions], hashes))
        hashes, questions = hashes[order], questions[order]
        begins = np.ones(len(hashes), bool)
        begins[1:] = (hashes[1:] != hashes[:-1]) | (owner[questions[1:]] != owner[questions[:-1]])
        run = np.cumsum(begins) - 1
        keep = np.bincount(run, minlength=1)[run] <= most if len(run) else np.zeros(0, bool)
        known = np.bincount(questions[keep], minlength=len(owner))
        return cls(hashes[keep], questions[keep], known)

    def shared(self, found: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(N,) → pairs: the place in ``found`` and a question that holds the same n-gram."""
        first, end = np.searchsorted(self.hashes, found, "left"), np.searchsorted(self.hashes, found, "right")
        counts = end - first
        place = np.repeat(np.arange(len(found)), counts)
        within = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        return place, self.questions[first[place] + within]


class BenchmarkIndex:
    """Made anew by each worker out of files: the searcher of hashes cannot be sent from one to another."""

    def __init__(self, benchmarks: Sequence[BenchmarkPrints], most_questions: int) -> None:
        self.names = [benchmark.name for benchmark in benchmarks]
        tables = []
        self._stored: list[_Stored] = []
        self.image_of: dict[bytes, int] = {}
        self.images_named: dict[int, list[int]] = {}  # of benchmarks whose names mean something
        self.questions_of: list[list[int]] = []  # I
        self.images_of: list[list[int]] = []  # Q
        variants: list[Sequence[int]] = []
        fine: list[bytes] = []
        owner: list[int] = []
        for number, benchmark in enumerate(benchmarks):
            for files in benchmark.files:
                table = read_table(files.table, benchmark.fingerprint, FINGERPRINTS.names)
                self._take_images(table, files, len(owner), benchmark.match_names, variants, fine)
                owner.extend([number] * len(table))
                tables.append(table.drop_columns(["images"]))
        table = pa.concat_tables(tables) if tables else FINGERPRINTS.empty_table().drop_columns(["images"])
        self.owner = np.asarray(owner, np.int64)  # (Q,)
        self.ids = table["question_id"].to_pylist()
        self.tokens = table["tokens"].to_numpy()
        self.lengths = frozenset(self.tokens.tolist())
        self.questions = table["question"].to_numpy()
        self.fine = np.frombuffer(b"".join(fine), np.uint8).reshape(len(fine), _FINE_BYTES)
        self.ngrams = {
            unspaced: _ngram_table(table, unspaced, self.owner, most_questions) for unspaced in (False, True)
        }
        self.asking: dict[int, list[int]] = {}  # hash of a question → all that ask it
        for place in np.flatnonzero(self.tokens).tolist():
            self.asking.setdefault(int(self.questions[place]), []).append(place)
        self._near = _Searcher(variants)
        self._read = functools.lru_cache(_MOST_PICTURES)(self._read_picture)

    def label(self, question: int) -> str:
        return f"{self.names[self.owner[question]]}/{self.ids[question]}"

    def has_pixels(self, image: int) -> bool:
        return self._stored[image].file is not None

    def picture(self, image: int) -> Picture:
        """The small copy of an image."""
        return self._read(image)

    def _read_picture(self, image: int) -> Picture:
        stored = self._stored[image]
        if stored.file is None:
            raise ValueError("only hashes of that image are kept")
        with stored.file.open_random() as file:
            png = bytes(file.read_at(stored.size_bytes, stored.offset))
        return Picture(np.asarray(Image.open(io.BytesIO(png))), stored.width, stored.height)

    def near(self, hashes: NDArray[np.uint64], most_bits: int) -> list[list[tuple[int, int]]]:
        """(N,) → of each, the nearest images within ``most_bits``: bits and image, nearest first."""
        return self._near.search(hashes, most_bits)

    def nearest_of(
        self, questions: Sequence[int], looks: int, most_bits: int, most: int, size: tuple[int, int]
    ) -> list[tuple[int, int]]:
        """Bits and image of at most ``most`` images of ``questions`` that are nearest to the hash ``looks``, of the
        proportions of ``size``."""
        images = sorted(
            {
                image
                for question in questions
                for image in self.images_of[question]
                if have_one_shape(size, self._stored[image].size)
            }
        )
        apart = [(self._near.distance(image, looks), image) for image in images]
        return sorted(one for one in apart if one[0] <= most_bits)[:most]

    def _take_images(
        self,
        table: pa.Table,
        files: FingerprintFiles,
        first: int,
        match_names: bool,
        variants: list[Sequence[int]],
        fine: list[bytes],
    ) -> None:
        for place, images in enumerate(table["images"].to_pylist()):
            self.images_of.append([])
            for image in images:
                digest = image["content_hash"] or (image["name"] or 0).to_bytes(16, "big")  # a missing one by its name
                number = self.image_of.get(digest)
                if number is None:
                    number = self.image_of[digest] = len(self._stored)
                    kept = files.pictures if image["offset"] is not None else None
                    self._stored.append(
                        _Stored(
                            kept,
                            image["offset"] or 0,
                            image["size_bytes"] or 0,
                            image["width"] or 1,
                            image["height"] or 1,
                        )
                    )
                    self.questions_of.append([])
                    variants.append(image["variants"] or ())
                    fine.append(image["fine"] or bytes(_FINE_BYTES))
                self.questions_of[number].append(first + place)
                self.images_of[-1].append(number)
                if match_names and image["name"] is not None:
                    self.images_named.setdefault(image["name"], []).append(number)


def _ngram_table(table: pa.Table, unspaced: bool, owner: NDArray[np.int64], most_questions: int) -> NgramTable:
    lists = pc.if_else(pc.equal(table["unspaced"], unspaced), table["ngrams"], pa.scalar([], pa.list_(pa.uint64())))
    questions = np.repeat(np.arange(len(table)), pc.list_value_length(lists).to_numpy())
    hashes = pc.list_flatten(lists).to_numpy().astype(np.uint64)
    found: NgramTable = NgramTable.of(hashes, questions, owner, most_questions)
    return found


class _Searcher:
    """Hashes of 64 bits that differ in at most 7 have one of four bands in which they differ in at most one: only what
    shares such a band is compared (Norouzi, Punjani, Fleet 2012, https://doi.org/10.1109/CVPR.2012.6248043)."""

    def __init__(self, variants: Sequence[Sequence[int]]) -> None:
        self._images = np.repeat(np.arange(len(variants)), [len(one) for one in variants])
        self._starts = np.cumsum([0, *map(len, variants)])
        self._hashes = hashes = np.fromiter((value for one in variants for value in one), np.uint64, len(self._images))
        self._index = import_faiss().IndexBinaryMultiHash(64, _BANDS, _BAND_BITS)
        if len(hashes):
            self._index.add(_as_bytes(hashes))

    def distance(self, image: int, looks: int) -> int:
        """Bits from ``looks`` to the nearest variant of an image; 64 to one without any."""
        own = self._hashes[self._starts[image] : self._starts[image + 1]]
        return int(np.bitwise_count(own ^ np.uint64(looks)).min(initial=64))

    def search(self, hashes: NDArray[np.uint64], most_bits: int) -> list[list[tuple[int, int]]]:
        if not len(hashes) or not len(self._images):
            return [[] for _ in hashes]
        self._index.nflip = most_bits // _BANDS
        limits, distances, places = self._index.range_search(_as_bytes(hashes), most_bits + 1)
        found = []
        for first, end in zip(limits[:-1].tolist(), limits[1:].tolist(), strict=True):
            best: dict[int, int] = {}
            for image, bits in zip(
                self._images[places[first:end]].tolist(), distances[first:end].tolist(), strict=True
            ):
                best[image] = min(int(bits), best.get(image, 64))
            found.append(sorted((bits, image) for image, bits in best.items() if bits <= most_bits)[:_MOST_NEAR])
        return found


def _as_bytes(hashes: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(hashes.astype("<u8")).view(np.uint8).reshape(len(hashes), 8)
