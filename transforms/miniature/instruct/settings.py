"""What the instruction corpus holds. Every field decides bytes of the output."""

from __future__ import annotations

from pydantic import Field

from transforms.configuration import Settings

#: Rows for which the counts of what is planted are stated; other sizes get the same shares.
FULL_ROWS = 20_000


class InstructCorpusSettings(Settings):
    """How many rows, and which."""

    rows: int = Field(FULL_ROWS, ge=500, description="records written to the sources, about: faulty ones included")
    seed: int = Field(23, description="other seeds make other rows")

    def planted(self, count: int) -> int:
        """``count`` of the full corpus in this one: at least one."""
        return max(1, round(count * self.rows / FULL_ROWS))
