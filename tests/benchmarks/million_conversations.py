"""Synthetic conversations by the million: six sources in six shapes, English and Chinese, a few thousand pictures.

They are for time and memory, and mean nothing: words and characters are drawn by Zipf's law, lengths are lognormal
(some 20 words of a question and 90 of an answer in the median, a long tail), turns one to six. One row in ten shows a
picture, which many share. Planted: equal and nearly equal copies across files, other answers to the same closed
question, personal data, code, boxes and questions of a benchmark.

Each file is drawn by its own keyed generator, so that it is the same whatever else is drawn.
"""

from __future__ import annotations

import io
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from PIL import Image, ImageDraw

from transforms.keyed import hash64

PICTURES = 4_000
QUESTIONS = 300  # of the benchmark
ROWS_PER_FILE = 25_000

_WORDS, _CHARACTERS = 30_000, 3_000
_ZIPF = 1.05
_CHINESE = 0.3  # of the rows
_COPIES, _NEAR_COPIES = 0.03, 0.03  # of the rows: of one drawn from a common store
_ROWS_PER_STORED = 100  # rows for each text that copies are made of, so that clusters grow no larger with the rows
_PERSONAL, _CODE, _ASKED = 0.005, 0.05, 0.0005
_TURNS = np.array([0.62, 0.2, 0.1, 0.04, 0.02, 0.02])  # one to six
_FREQUENT = (  # numbers among them, which most longer texts hold
    *("the", "of", "and", "to", "in", "a", "is", "that", "it", "for", "on", "was", "with", "as", "are", "be", "by"),
    *("this", "from", "at", "which", "or", "have", "an", "they", "one", "were", "all", "there", "when", "can", "more"),
    *("2", "3", "10", "1999", "2021", "3.5", "50", "1,200"),
)
_TERMS = ["no-competing-models"]


class Turn(NamedTuple):
    question: str
    answer: str


class Shape(NamedTuple):
    """``share`` of all rows; ``shows`` pictures in that share of its own rows; ``write``: rows → a file."""

    name: str
    adapter: str
    share: float
    shows: float
    ending: str
    write: Callable[[pathlib.Path, Sequence[dict[str, Any]]], None]
    record: Callable[[Any, list[Turn], str | None], dict[str, Any]]
    source: dict[str, Any]


class Texts:
    """Sentences of one language, drawn from a vocabulary of its own."""

    def __init__(self, is_chinese: bool) -> None:
        self._is_chinese = is_chinese
        words = _characters() if is_chinese else _words()
        weights = 1 / np.arange(2, len(words) + 2) ** _ZIPF
        self._words = np.array(words, object)
        self._ends = np.cumsum(weights / weights.sum())

    def draw(self, random: np.random.Generator, lengths: Sequence[int]) -> list[str]:
        """Texts of so many words, in sentences."""
        drawn = self._words[np.minimum(np.searchsorted(self._ends, random.random(sum(lengths))), len(self._words) - 1)]
        found, start = [], 0
        for length in lengths:
            found.append(self._sentences(drawn[start : start + length].tolist(), random))
            start += length
        return found

    def _sentences(self, words: list[str], random: np.random.Generator) -> str:
        step = int(random.integers(8, 18))
        pieces = [words[at : at + step] for at in range(0, len(words), step)]
        if self._is_chinese:
            return "".join(f"{''.join(piece)}。" for piece in pieces)
        return " ".join(f"{' '.join(piece).capitalize()}." for piece in pieces)


def _words() -> list[str]:
    heads = [first + vowel for first in "bcdfghklmnprstvwz" for vowel in ("a", "e", "i", "o", "u", "ea")]
    tails = ["n", "r", "st", "l", "ck", "m", "nd", "th", "p"]
    made = (f"{one}{two}{tail}" for two in heads for tail in tails for one in heads)
    return [*_FREQUENT, *(word for _, word in zip(range(_WORDS), made, strict=False))]


def _characters() -> list[str]:
    return [chr(0x4E00 + 7 * place) for place in range(_CHARACTERS - 100)]


def draw(folder: pathlib.Path, rows: int, seed: int = 0) -> dict[str, Any]:
    """Draws the sets into ``folder``, which is to be new, and returns the settings of a run over them."""
    pictures = _draw_pictures(folder / "images", min(PICTURES, max(rows // 25, 40)), seed)
    _draw_benchmark(folder / "benchmark", pictures[:QUESTIONS], seed)
    maker = _Maker(pictures, _asked(pictures[:QUESTIONS]), max(rows // _ROWS_PER_STORED, 1), seed)
    for shape in SHAPES:
        (folder / shape.name).mkdir(parents=True)
        wanted = round(rows * shape.share)
        for number, first in enumerate(range(0, wanted, ROWS_PER_FILE)):
            records = list(maker.records(shape, number, min(ROWS_PER_FILE, wanted - first)))
            shape.write(folder / shape.name / f"part-{number:05d}{shape.ending}", records)
    return _settings(folder, rows, seed)


def _settings(folder: pathlib.Path, rows: int, seed: int) -> dict[str, Any]:
    """As ``configs/instruct/mini.yaml`` has them."""
    sources = [
        {"name": one.name, "path": f"{folder}/{one.name}/*{one.ending}", "adapter": one.adapter, "media": str(folder)}
        | one.source
        for one in SHAPES
    ]
    return {
        "output": str(folder / "run"),
        "seed": seed,
        "sources": sources,
        "split": {"validation": 0.01},
        "decontaminate": {"benchmarks": [{"name": "drawn", "path": f"{folder}/benchmark/questions.jsonl"}]},
        "mix": {
            "size": rows // 2,
            "category": {"temperature": 1.5},
            "language": {"floors": {"zh": 0.3}},
            "max_copies": 3,
        },
        "publish": {"name": "million", "formats": ["webdataset", "parquet"]},
    }


def write_config(folder: pathlib.Path, settings: dict[str, Any]) -> pathlib.Path:
    path = folder / "million.yaml"
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False))
    return path


class _Maker:
    """Records of any shape."""

    def __init__(self, pictures: list[str], asked: list[str], stored: int, seed: int) -> None:
        self._pictures, self._asked, self._seed = pictures, asked, seed
        self._texts = (Texts(is_chinese=False), Texts(is_chinese=True))
        random = np.random.default_rng(hash64(seed, "store"))
        self._store = [self._turns(random, stored, short=False, chinese=language) for language in (False, True)]

    def records(self, shape: Shape, number: int, rows: int) -> Iterator[dict[str, Any]]:
        random = np.random.default_rng(hash64(self._seed, shape.name, number))
        turns = random.choice(len(_TURNS), rows, p=_TURNS) + 1 if shape.adapter in _SEVERAL else np.ones(rows, np.int64)
        chinese = random.random(rows) < _CHINESE
        drawn = [
            iter(self._turns(random, int(turns[chinese == one].sum()), shape.adapter == "vqa", chinese=one))
            for one in (False, True)
        ]
        shows = random.random(rows) < shape.shows
        # squared, so that some pictures are asked about much more often than others
        picture = (random.random(rows) ** 2 * len(self._pictures)).astype(int)
        kinds = random.random(rows)
        for row in range(rows):
            own = [next(drawn[int(chinese[row])]) for _ in range(turns[row])]
            own[0] = self._changed(own[0], float(kinds[row]), bool(chinese[row]), random)
            yield shape.record(f"{number}-{row}", own, self._pictures[picture[row]] if shows[row] else None)

    def _turns(self, random: np.random.Generator, count: int, short: bool, chinese: bool) -> list[Turn]:
        scale = 1.6 if chinese else 1.0  # characters a word
        asked = np.clip(random.lognormal(np.log(20 * scale), 0.7, count), 4, 400).astype(int).tolist()
        said = np.clip(random.lognormal(np.log(90 * scale), 1.0, count), 2, 1500).astype(int).tolist()
        texts = self._texts[chinese]
        questions = texts.draw(random, asked)
        answers = _short_answers(random, count) if short else texts.draw(random, said)
        return [Turn(f"{one[:-1]}{'？' if chinese else '?'}", two) for one, two in zip(questions, answers, strict=True)]

    def _changed(self, turn: Turn, kind: float, chinese: bool, random: np.random.Generator) -> Turn:
        """The planted ones: ``kind`` is uniform."""
        copies = self._store[int(chinese)]
        known = copies[int(random.integers(len(copies)))]
        bounds = np.cumsum([_COPIES, _NEAR_COPIES, _PERSONAL, _CODE, _ASKED])
        match int(np.searchsorted(bounds, kind, side="right")):
            case 0:
                return known
            case 1:
                word = self._texts[chinese].draw(random, [1])[0][:-1]
                return Turn(known.question, known.answer + (word + "。" if chinese else f" {word}."))
            case 2:
                number = int(random.integers(10**6, 10**7))
                return Turn(turn.question, f"{turn.answer} user{number}@mail.example.com, 1390{number}.")
            case 3:
                name = f"value_{int(random.integers(10**6))}"
                return Turn(turn.question, f"{turn.answer}\n```python\ndef {name}(x):\n    return x + {name[6:]}\n```")
            case 4:
                return Turn(self._asked[int(random.integers(len(self._asked)))], turn.answer)
            case _:
                return turn


_SEVERAL = ("messages", "conversations", "cauldron")


def _short_answers(random: np.random.Generator, count: int) -> list[str]:
    kinds, numbers = random.integers(3, size=count), random.integers(1000, size=count)
    return [("Yes", "No")[n % 2] if kind == 0 else str(n) if kind == 1 else "ABCD"[n % 4]
            for kind, n in zip(kinds.tolist(), numbers.tolist(), strict=True)]  # fmt: skip


def _messages(key: str, turns: list[Turn], picture: str | None) -> dict[str, Any]:
    said = [{"role": role, "content": text} for turn in turns for role, text in zip(("user", "assistant"), turn)]  # noqa: B905
    return {"id": key, **_shown(said, "content", picture)}


def _conversations(key: str, turns: list[Turn], picture: str | None) -> dict[str, Any]:
    said = [{"from": role, "value": text} for turn in turns for role, text in zip(("human", "gpt"), turn)]  # noqa: B905
    return {"id": key, **_shown(said, "value", picture)}


def _shown(said: list[dict[str, str]], field: str, picture: str | None) -> dict[str, Any]:
    if picture is not None:
        said[0][field] = f"<image>\n{said[0][field]}"
    name = "messages" if field == "content" else "conversations"
    return {name: said} if picture is None else {name: said, "images": [picture]}


def _alpaca(key: str, turns: list[Turn], _: str | None) -> dict[str, Any]:
    return {"id": key, "instruction": turns[0].question, "input": "", "output": turns[0].answer}


def _vqa(key: str, turns: list[Turn], picture: str | None) -> dict[str, Any]:
    record = {"question_id": key, "question": turns[0].question, "answer": turns[0].answer, "image": picture}
    if turns[0].answer in ("A", "B", "C", "D"):
        record["choices"] = ["left", "right", "above", "below"]
    return {name: value for name, value in record.items() if value is not None}


def _cauldron(key: str, turns: list[Turn], _: str | None) -> dict[str, Any]:
    return {"id": key, "texts": [{"user": one.question, "assistant": one.answer, "source": "drawn"} for one in turns]}


def _captions(key: str, turns: list[Turn], picture: str | None) -> dict[str, Any]:
    return {"id": key, "image": picture, "caption": turns[0].answer}


def _lines(path: pathlib.Path, records: Sequence[dict[str, Any]]) -> None:
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))


def _list(path: pathlib.Path, records: Sequence[dict[str, Any]]) -> None:
    path.write_bytes(orjson.dumps(list(records)))


def _parquet(path: pathlib.Path, records: Sequence[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(records)), path)


_PLACED = {"place_media": "before_first_question"}
SHAPES = (
    Shape("chat", "messages", 0.4, 0.05, ".jsonl", _lines, _messages, {"license": "Apache-2.0", "model_terms": _TERMS}),
    Shape("sharing", "conversations", 0.25, 0.1, ".json", _list, _conversations, {"license": "CC-BY-4.0"}),
    Shape("alpaca", "alpaca", 0.12, 0, ".jsonl", _lines, _alpaca, {"license": "CC-BY-NC-4.0", "model_terms": _TERMS}),
    Shape("texts", "cauldron", 0.13, 0, ".parquet", _parquet, _cauldron, {"license": "Apache-2.0"}),
    Shape("asking", "vqa", 0.08, 0.5, ".jsonl", _lines, _vqa, {"license": "CC-BY-4.0"} | _PLACED),
    Shape("captions", "captions", 0.02, 1, ".jsonl", _lines, _captions, {"license": "CC-BY-SA-4.0"} | _PLACED),
)


def _draw_pictures(folder: pathlib.Path, count: int, seed: int) -> list[str]:
    folder.mkdir(parents=True)
    random = np.random.default_rng(hash64(seed, "pictures"))
    names = [f"images/{number:05d}.jpg" for number in range(count)]
    for name in names:
        (folder.parent / name).write_bytes(_picture(random))
    return names


def _picture(random: np.random.Generator) -> bytes:
    side = random.integers(160, 400, 2)
    image = Image.new("RGB", (int(side[0]), int(side[1])), tuple(random.integers(256, size=3).tolist()))
    pen = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = sorted(random.integers(side[0], size=2).tolist()), sorted(random.integers(side[1], size=2).tolist())
        shape = pen.rectangle if random.random() < 0.5 else pen.ellipse
        shape((x[0], y[0], x[1], y[1]), fill=tuple(random.integers(256, size=3).tolist()))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _asked(pictures: Sequence[str]) -> list[str]:
    texts = Texts(is_chinese=False)
    return texts.draw(np.random.default_rng(hash64("questions")), [12 + place % 30 for place in range(len(pictures))])


def _draw_benchmark(folder: pathlib.Path, pictures: Sequence[str], seed: int) -> None:
    """Every fourth question without its picture; the pictures are those of rows, of which few show them."""
    folder.mkdir()
    random = np.random.default_rng(hash64(seed, "benchmark pictures"))
    records = []
    for number, question in enumerate(_asked(pictures)):
        record = {"question_id": str(number), "question": question, "answer": "Yes"}
        if number % 4:
            name = f"{number:05d}.jpg"
            own = (folder.parent / pictures[number]).read_bytes() if number % 40 == 1 else _picture(random)
            (folder / name).write_bytes(own)
            record["image"] = name
        records.append(record)
    _lines(folder / "questions.jsonl", records)
