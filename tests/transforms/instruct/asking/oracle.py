"""A model that answers rightly, or with one named fault: for a chat server of a test.

It translates word by word, each always alike, and rewrites by asking politely. What it knows of pictures is the truth
of the embedded corpus, by question.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.transforms.instruct.asking.chat_server import Said, completion, text_of
from transforms.keyed import hash64

Fault = Literal[
    "original",
    "no_sentinel",
    "twice",
    "number",
    "refusal",
    "cut",
    "json",
    "other_key",
    "long",
    "empty",
    "choices",
    "filter",
]
#: What the checks are to say of each fault, of a text of a few words.
VERDICT_OF: Mapping[Fault, str] = {
    "original": "language",
    "no_sentinel": "sentinels",
    "twice": "sentinels",
    "number": "numbers",
    "refusal": "refusal",
    "cut": "cut",
    "json": "json",
    "other_key": "json",
    "long": "length",
    "empty": "empty",
    "choices": "options",
    "filter": "no_reply",
}

_SENTINEL = re.compile(r"(⟦\d+⟧)")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_KNOWN = {"yes": "是", "no": "否"}
_BACK = {"是": "Yes", "否": "No", "有": "Yes", "不": "not"}
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za")


def to_chinese(text: str) -> str:
    """Two characters a word."""

    def word(match: re.Match[str]) -> str:
        known = _KNOWN.get(match[0].lower())
        number = hash64(match[0].lower())
        return known or chr(0x4E00 + number % 5000) + chr(0x5E00 + number // 5000 % 5000)

    return "".join(one if _SENTINEL.fullmatch(one) else _LATIN.sub(word, one) for one in _SENTINEL.split(text))


def to_english(text: str) -> str:
    def word(match: re.Match[str]) -> str:
        number = hash64(match[0])
        return _BACK.get(match[0]) or _SYLLABLES[number % 16] + _SYLLABLES[number // 16 % 16] + " "

    return "".join(one if _SENTINEL.fullmatch(one) else _HAN.sub(word, one) for one in _SENTINEL.split(text))


def reworded(text: str) -> str:
    return f"{text.rstrip()} 请回答。" if len(_HAN.findall(text)) * 3 > len(_LATIN.findall(text)) else f"Please: {text}"


@dataclass
class Oracle:
    """``blind``: questions that can be answered without their picture → the answer. ``unsafe``: words of texts that a
    guard is to stop. ``fault`` is what is wrong with ``share`` of the replies."""

    blind: Mapping[str, str] = field(default_factory=dict)
    unsafe: tuple[str, ...] = ()
    fault: Fault | None = None
    share: float = 1.0
    spoilt: Counter[str] = field(default_factory=Counter)

    def __call__(self, body: dict[str, Any], _: int) -> Said:
        system = body["messages"][0]["content"]
        text = text_of(body)
        kind, answer = next((kind, answer) for said, kind, answer in self._kinds() if said in system or not said)
        whole = completion(answer(system, text), body)
        if self.fault is None or kind not in ("rewrite", "translate"):
            return Said(body=whole)
        if hash64("fault", json.dumps(body)) >= self.share * 2**64:
            return Said(body=whole)
        self.spoilt[kind] += 1
        return self._spoil(kind, text, whole)

    def _kinds(self) -> list[tuple[str, str, Callable[[str, str], str]]]:
        return [
            ("You rewrite", "rewrite", lambda _, text: _json("text", reworded(text))),
            ("You translate", "translate", _translated),
            ("You rate", "rate", _rated),
            (
                "image of this question is missing",
                "blind",
                lambda _, text: self.blind.get(text.strip(), "nobody knows"),
            ),
            ("may stand in a training set", "guard", self._guard),
            ("", "health", lambda *_: "OK"),
        ]

    def _guard(self, _: str, text: str) -> str:
        found = [word for word in self.unsafe if word in text]
        return json.dumps({"unsafe": 1.0 if found else 0.0, "kinds": ["words"] if found else []})

    def _spoil(self, kind: str, text: str, whole: dict[str, Any]) -> Said:
        choice = whole["choices"][0]
        said = json.loads(choice["message"]["content"])
        name = "text" if kind == "rewrite" else "texts"
        texts: list[str] = [said[name]] if kind == "rewrite" else said[name]
        match self.fault:
            case "filter":
                return Said(400, {"error": {"message": "filtered"}})
            case "cut":
                choice["finish_reason"] = "length"
            case "json":
                choice["message"]["content"] = "Of course! " + texts[0]
            case "other_key":
                choice["message"]["content"] = json.dumps({"answer": texts})
            case "refusal":
                texts = ["I'm sorry, but I can't assist with that."] * len(texts)
            case "original":
                texts = [to_english(text)] if kind == "rewrite" else json.loads(text)
                texts = [to_chinese(one) if kind == "rewrite" and not _HAN.search(text) else one for one in texts]
            case "empty":
                texts = [" "] * len(texts)
            case "no_sentinel":
                texts = [_SENTINEL.sub("", one) for one in texts]
            case "twice":
                texts = [_SENTINEL.sub(r"\1\1", one) for one in texts]
            case "number":
                texts = [f"{one} 7" for one in texts]
            case "long":
                texts = [
                    " ".join([one.replace("⟦", "").replace("⟧", ""), *[_SENTINEL.sub("", one)] * 40]) for one in texts
                ]
                texts = [re.sub(r"\d", "", one) for one in texts]
            case "choices":
                texts = [one.replace("\n", " ") for one in texts]
        if choice["message"]["content"].startswith("{") and self.fault != "other_key":
            value = texts[0] if kind == "rewrite" else texts
            choice["message"]["content"] = json.dumps({name: value}, ensure_ascii=False)
        return Said(body=whole)


def _json(name: str, value: object) -> str:
    return json.dumps({name: value}, ensure_ascii=False)


def _translated(system: str, text: str) -> str:
    into = to_chinese if "to Chinese" in system else to_english
    return _json("texts", [into(one) for one in json.loads(text)])


def _rated(system: str, text: str) -> str:
    axes = re.findall(r"\"(\w+)\": 3", system)
    return _json("ratings", {axis: 1 + (hash64(axis, text) % 5) for axis in axes})
