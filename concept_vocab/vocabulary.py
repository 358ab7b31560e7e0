"""The Vocabulary: an ordered list of concepts, each with its language and where it came from.

The id of a concept is its row, so it is as stable as the list: building a vocabulary from the same input gives the same
ids. Columns are Arrow, so that all concepts travel to workers as a few buffers, not an object each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("id", pa.int32()),
        ("name", pa.string()),
        ("lang", pa.string()),  # ISO 639-1
        ("source", pa.string()),  # the list it came from
        ("type", pa.string()),  # what kind of thing it names; null where the list does not say
    ]
)


#: Unicode's format characters (category Cf) that show nothing: soft hyphen, zero-width space, word joiner, byte order
#: mark, marks of direction; and the zero-width joiners, unless they follow a letter beyond Latin's.
_INVISIBLE = re.compile(
    r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    r"|(?<![^\u0000-\u02af])[\u200c\u200d]"
)


class VocabularyError(ValueError):
    """A concept list that cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Vocabulary:
    """Concepts and the prompts that turn each into sentences for a text encoder.

    ``prompts`` maps a language to templates, each with one ``{}`` where the name goes. ``groups``: of each concept the
    row of one that stands for all that mean nearly the same; None where each means something else.
    """

    table: pa.Table
    prompts: Mapping[str, tuple[str, ...]]
    groups: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def meanings(self) -> int:
        """Concepts that mean something else each."""
        return len(self) if self.groups is None else len(set(self.groups))

    @property
    def names(self) -> list[str]:
        return list(self.table["name"].to_pylist())

    @classmethod
    def from_names(
        cls,
        names: Iterable[str],
        lang: str,
        source: str,
        prompts: Mapping[str, tuple[str, ...]],
        types: Mapping[str, str] = MappingProxyType({}),
    ) -> Vocabulary:
        """One list in one language; names are normalised (NFC, single spaces) and repeats dropped, first one kept.
        ``types``: by normalised name, of those that have one."""
        unique = list(dict.fromkeys(name for name in map(normalise, names) if name))
        if not unique:
            raise VocabularyError(f"{source} holds no concept; a list has one a line")
        columns = {
            "id": range(len(unique)),
            "name": unique,
            "lang": [lang] * len(unique),
            "source": [source] * len(unique),
            "type": [types.get(name) for name in unique],
        }
        return cls(pa.table(columns, schema=SCHEMA), dict(prompts))

    def sentences(self) -> tuple[list[str], list[int]]:
        """Every concept in every prompt of its language, and the id of the concept that each sentence is about."""
        sentences: list[str] = []
        owners: list[int] = []
        for row in self.table.select(["id", "name", "lang"]).to_pylist():
            for prompt in self.prompts.get(row["lang"], ("{}",)):
                sentences.append(prompt.replace("{}", row["name"]))
                owners.append(row["id"])
        return sentences, owners


def normalise(name: str) -> str:
    """NFC, without characters that are not seen, and runs of white space as one space: two concepts that look alike are
    one. A joiner stays where it changes what is seen, in Indic and Arabic script and between emoji."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", name)).split())
