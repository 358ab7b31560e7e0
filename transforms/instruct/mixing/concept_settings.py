"""What is asked of the concepts that the images of a mixture show."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from transforms.annotating.digests import encoder_digest, word_list_digest
from transforms.annotating.settings import EncoderSettings, RetrievalSettings, VocabularySettings
from transforms.balancing.settings import BalanceSettings, EvenSettings, StrataSettings
from transforms.balancing.target import target_factors
from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.storage import absolute

#: What the solver is asked for besides: no floors, which hold for whole corpora and not within cells.
_NO_FLOOR = 0


class ConceptTarget(Settings):
    """Concepts of images spread evenly, within the shares of category, language and source."""

    word_list: str = Field(
        ...,
        min_length=1,
        description="a word list, or the folder of a built vocabulary: the concepts that images are searched for",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    encoder: EncoderSettings = Field(..., description="an encoder of images and texts")
    per_row: int = Field(10, ge=1, le=256, description="concepts that a row has at most, the nearest to its images")
    min_similarity: float = Field(
        0.0, ge=0, le=1, description="cosine below which a concept does not count; measure it on images of your own"
    )
    temper: float = Field(
        0.0, ge=0, lt=1, description="target mass of a concept ∝ (its rows)^temper; 0: the same for all"
    )
    target: dict[str, Annotated[float, Field(gt=0, le=1e6)]] = Field(
        {}, description="concepts by name that are to have more than the others, or less: their target mass times this"
    )
    beta: float = Field(
        4.0,
        gt=0,
        le=1000,
        description="what evenness is worth against chance: rows are drawn with probabilities ∝ exp(beta · gain)",
    )
    max_sample_rows: int = Field(
        1_000_000, ge=1, description="rows, keyed at random, that it is fitted on; rare concepts are seen whole"
    )

    _from_the_root = field_validator("word_list")(absolute)

    def digests(self) -> dict[str, str]:
        """Raises ConfigError where there is no vocabulary."""
        vocabulary = word_list_digest(VocabularySettings(path=self.word_list))
        return {"concepts.word_list": vocabulary, "concepts.encoder": encoder_digest(self.encoder)}

    def check(self) -> None:
        """Before any work; raises ConfigError for a vocabulary or an encoder that cannot serve."""
        from transforms.annotating.encoder import check_encoder
        from transforms.annotating.word_lists import check_vocabulary, read_word_list

        retrieval = RetrievalSettings(concepts_per_image=self.per_row)
        check_vocabulary(VocabularySettings(path=self.word_list), retrieval, self.encoder.languages)
        if self.target:
            target_factors(self.target, read_word_list(self.word_list).names)
        check_encoder(self.encoder)

    def balancing(self, sizes: dict[str, int], max_copies: int, seed: int) -> BalanceSettings:
        """The same, as the corpus's balancing is asked: ``sizes`` of each cell by name, exactly."""
        even = EvenSettings(temper=self.temper, beta=self.beta, floor=_NO_FLOOR)
        strata = StrataSettings(by="lang", sizes=sizes)  # by any name that rows are told apart by
        return BalanceSettings(
            size=sum(sizes.values()), even=even, strata=strata, max_copies=min(max_copies, 100), seed=seed
        )
