"""Whether an image gets its concepts from what it shows, from what its caption names, or from both."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.configuration import Settings

Assign = Literal["image", "caption", "both"]
Matching = Literal["longest", "all", "metaclip"]


class AssignSettings(Settings):
    """Where the concepts of an image come from."""

    by: Assign = Field(
        "image",
        description="image: the nearest concepts are retrieved; caption: those that the caption names; both: these and "
        "those",
    )
    sources: dict[str, Assign] = Field(
        default_factory=dict, description="by name of the source, where it is to be another than for all"
    )
    matching: Matching = Field(
        "longest",
        description="longest: whole words, but none that lie within a longer name (of red panda no panda), and of "
        "pieces of sentences what they hold (of a man the man); all: these too; metaclip: as MetaCLIP, names with "
        "spaces around, by case",
    )
    concepts_per_caption: int = Field(
        16, ge=1, le=256, description="concepts of a caption that are kept, the first that it names; 3 to 12 are common"
    )

    def of(self, source: str) -> Assign:
        return self.sources.get(source, self.by)

    @property
    def takes_captions(self) -> bool:
        """Whether any source may take concepts of captions."""
        return {self.by, *self.sources.values()} != {"image"}

    @property
    def takes_images(self) -> bool:
        return {self.by, *self.sources.values()} != {"caption"}

    def width(self, concepts_per_image: int) -> int:
        """Concepts that a row of annotations has room for, where ``concepts_per_image`` are retrieved."""
        of_captions = self.concepts_per_caption if self.takes_captions else 0
        return of_captions + (concepts_per_image if self.takes_images else 0)
