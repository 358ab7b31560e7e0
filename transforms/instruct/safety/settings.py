"""Settings of the stage."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator

from transforms.annotating.digests import encoder_digest
from transforms.annotating.settings import EncoderSettings
from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.errors import ConfigError
from transforms.filtering.blocked_words import blocked_words_digest, read_blocked_words
from transforms.instruct.safety.hash_lists import read_hashes
from transforms.instruct.section import StageSection
from transforms.instruct.settings import InstructSource
from transforms.storage import StoragePath, absolute

#: What becomes of personal data: overwritten, or its row is dropped; marked is counted alone.
TextAction = Literal["mask", "drop", "mark", "off"]
RowAction = Literal["drop", "mark"]


class PersonalSettings(Settings):
    """What becomes of each kind of personal data; all have a form of their own, those of digits alone a checksum."""

    email: TextAction = Field("mask", description="not in code")
    phone: TextAction = Field("mask", description="written as one, or said to be one; not in code")
    mobile: TextAction = Field("mask", description="of mainland China, of a range that is given out; not in code")
    resident_id: TextAction = Field("mask", description="of mainland China, with its day of birth and checksum")
    card: TextAction = Field("mask", description="with its checksum")
    iban: TextAction = Field("mask", description="with its checksum")
    key: TextAction = Field("mask", description="keys and tokens of known services, private keys")
    regions: list[str] = Field(
        ["US", "CN", "GB"],
        description="ISO 3166 codes of countries whose telephone numbers are known without +",
    )

    @field_validator("regions")
    @classmethod
    def _are_known(cls, regions: list[str]) -> list[str]:
        import phonenumbers

        if unknown := [one for one in regions if one not in phonenumbers.SUPPORTED_REGIONS]:
            raise ValueError(f"no telephone numbers are known of {unknown[0]!r}; name countries as US, CN, GB")
        return regions


class BlockedWordsSettings(Settings):
    """Words and phrases by language."""

    paths: dict[str, str] = Field(
        {},
        description="language → a text file with a word or phrase a line; looked for in rows of that language, of none "
        "that is known, and of languages of another script",
        json_schema_extra=NOT_FINGERPRINTED,  # their contents are inputs
    )
    action: RowAction = Field("drop", description="of a row that holds one: drop it, or mark it in its facts")

    @field_validator("paths")
    @classmethod
    def _from_the_root(cls, paths: dict[str, str]) -> dict[str, str]:
        return {language: absolute(path) for language, path in paths.items()}


class HashList(Settings):
    """Hashes of what is not to be handed on, one a line in hexadecimal digits."""

    path: str = Field(
        min_length=1, description="a text file; what follows a comma is left out", json_schema_extra=NOT_FINGERPRINTED
    )
    kind: Literal["md5", "pdq"] = Field(..., description="md5 of the file's bytes; pdq of the image, 256 bits")
    max_distance: int = Field(
        31, ge=0, le=127, description="bits of a PDQ hash that may differ; its authors recommend 31"
    )

    _from_the_root = field_validator("path")(absolute)


class UnsafeImagesSettings(Settings):
    """Images by what they look like to an encoder. A threshold holds for one encoder and one list of concepts."""

    concepts: str = Field(
        min_length=1,
        description="a word list, text or YAML, of what is not to be shown",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    encoder: EncoderSettings = Field(..., description="an encoder of images and texts")
    threshold: float = Field(
        ..., ge=-1, le=1, description="cosine of an image and its nearest concept, from which on it is taken for unsafe"
    )
    action: RowAction = Field("drop", description="of a row that shows one: drop it, or mark it in its facts")

    _from_the_root = field_validator("concepts")(absolute)


class TextSafetySettings(StageSection):
    """What no text is to hold: of rows, and of captions that a model writes."""

    personal: PersonalSettings = Field(PersonalSettings(), description="personal data in all texts of a row")
    blocked_words: BlockedWordsSettings = Field(BlockedWordsSettings(), description="words that no text is to hold")

    def digests(self) -> dict[str, str]:
        return {f"blocked_words.{name}": blocked_words_digest(path, _words(name)) for name, path in self._word_lists()}

    def check(self, sources: Sequence[InstructSource]) -> None:  # noqa: ARG002 - holds for all of them
        for name, path in self._word_lists():
            read_blocked_words(path, _words(name))

    def _word_lists(self) -> list[tuple[str, str]]:
        return sorted(self.blocked_words.paths.items())


class SafetySettings(TextSafetySettings):
    """What is not to be learnt from or handed on: personal data, block lists, listed and unsafe images."""

    hash_lists: dict[str, HashList] = Field(
        {}, description="name → a list; a row with a listed image or video is stopped, whatever else is said of it"
    )
    unsafe_images: UnsafeImagesSettings | None = Field(
        None, description="images scored by an encoder against a list of concepts; null: off"
    )

    def digests(self) -> dict[str, str]:
        found = super().digests()
        for name, one in sorted(self.hash_lists.items()):
            found[f"hash_lists.{name}"] = _file_digest(one.path, f"safety.hash_lists.{name}.path")
        if self.unsafe_images is not None:
            path = self.unsafe_images.concepts
            found["unsafe_images.concepts"] = _file_digest(path, "safety.unsafe_images.concepts")
            found["unsafe_images.encoder"] = encoder_digest(self.unsafe_images.encoder)
        return found

    def check(self, sources: Sequence[InstructSource]) -> None:
        super().check(sources)
        for name, one in self.hash_lists.items():
            read_hashes(one.path, one.kind, f"safety.hash_lists.{name}.path")
        if self.unsafe_images is not None:
            from transforms.annotating.encoder import check_encoder
            from transforms.annotating.word_lists import read_word_list

            read_word_list(self.unsafe_images.concepts)
            check_encoder(self.unsafe_images.encoder)


def _words(language: str) -> str:
    return f"safety.blocked_words.paths.{language}"


def _file_digest(path: str, setting: str) -> str:
    """SHA-256 (16 digits); raises ConfigError where there is no file."""
    file = StoragePath.of(path)
    if not file.is_file():
        raise ConfigError(f"no file at {file}: {setting} must name one")
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
