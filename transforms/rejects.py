"""What was dropped, by whom, and why: reason codes, and the counts that must add up.

Nothing is lost: at every stage, rows in = rows out + rejects. A reject is a row of ``rejects/<stage>/…`` with a code
from :class:`Reason` and a detail for a person to read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, TypeAdapter

from transforms.errors import EvenweaveError


class Reason(StrEnum):
    """Why a sample was dropped. The values stand in files: never change one, only add."""

    EMPTY_IMAGE = "empty_image"  # zero bytes
    UNDECODABLE_IMAGE = "undecodable_image"  # not an image, or not of a format we read
    TRUNCATED_IMAGE = "truncated_image"  # begins well, ends early
    TOO_MANY_PIXELS = "too_many_pixels"  # a decompression bomb by the header's own account
    TOO_MUCH_WORK = "too_much_work"  # asks its decoder for minutes or gigabytes: thousands of scans, segments, texts
    TOO_SMALL = "too_small"  # below the configured least side
    MISSING_IMAGE = "missing_image"  # a sample without an image member
    MISSING_CAPTION = "missing_caption"
    UNDECODABLE_CAPTION = "undecodable_caption"  # not UTF-8
    DUPLICATE_KEY = "duplicate_key"  # a second sample of the same key in one shard
    UNSAFE_MEMBER_NAME = "unsafe_member_name"  # absolute, or climbing with ..
    UNUSABLE_NAME = "unusable_name"  # of a file: too long, with a NUL, not UTF-8, or the name of a folder
    TRUNCATED_SHARD = "truncated_shard"  # the archive ends inside a sample
    DAMAGED_BLOCKS = "damaged_blocks"  # a run of an archive's blocks that no header announces; its key is the offset
    NOT_REGULAR_FILE = "not_regular_file"  # a link, a device or a sparse file in the place of a sample's file
    MEMBER_TOO_LARGE = "member_too_large"  # a file of more bytes than are read into memory
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    MALFORMED_RECORD = "malformed_record"  # an instruction record that lacks what its shape demands
    UNKNOWN_ROLE = "unknown_role"  # a turn spoken by none of system, user, assistant and tool
    NO_ANSWER = "no_answer"  # no assistant turn with text, so nothing to learn
    MISSING_VIDEO = "missing_video"
    UNDECODABLE_VIDEO = "undecodable_video"  # not a video, or one that breaks off before its first frame
    TRUNCATED_VIDEO = "truncated_video"  # ends before the time or the frames that its container declares
    NO_VIDEO_STREAM = "no_video_stream"  # sound alone
    UNPLACED_MEDIA = "unplaced_media"  # more images or videos than places for them in the turns
    SIZE_MISMATCH = "size_mismatch"  # the pixels are not of the size that the record states
    EXTREME_ASPECT_RATIO = "extreme_aspect_ratio"  # over 200 to 1: the image processor refuses it
    RESERVED_TOKEN = "reserved_token"  # text that holds a special token of the chat template
    TOO_LONG = "too_long"  # a document over the capacity of a pack
    NOT_IN_LAYOUT = "not_in_layout"  # the layout asked for has no place for what the document holds
    NOT_SELECTED = "not_selected"  # counted by balance, never written row by row
    ASPECT_RATIO = "aspect_ratio"  # longer for its shorter side than the configured most
    CAPTION_TOO_SHORT = "caption_too_short"
    CAPTION_TOO_LONG = "caption_too_long"
    UNEXPECTED_LANGUAGE = "unexpected_language"  # none of those that its source is said to hold
    FEW_LETTERS = "few_letters"  # digits and signs, for a larger part than allowed
    BLOCKED_WORD = "blocked_word"
    UNLIKE_CAPTION = "unlike_caption"  # image and caption are less similar than the configured least
    EXPRESSION = "expression"  # the configured expression is not true of the row
    COMMON_CAPTION = "common_caption"  # stands on more images than a caption may
    FRAME_MISMATCH = "frame_mismatch"  # a document names more or fewer images than its file has pictures
    NOT_IN_DOCUMENT = "not_in_document"  # a downloaded image whose URL no document of its file names
    OUTSIDE_STRATA = "outside_strata"  # of no source or language that balance.strata.sizes names; counted, as the last
    LICENCE_NOT_ALLOWED = "licence_not_allowed"  # none that mix.allow_licenses names; counted, as not_selected
    ROLES_OUT_OF_ORDER = "roles_out_of_order"  # turns that do not follow one another, before any answer that is learnt
    EMPTY_TURN = "empty_turn"  # a question or an answer without a word
    TRUNCATED_TEXT = "truncated_text"  # an answer that begins or ends in the middle
    LOOPING_TEXT = "looping_text"  # an answer that says the same again and again
    REFUSAL = "refusal"  # an answer that says why it is none
    ERROR_MESSAGE = "error_message"  # what a server said in place of an answer
    GARBLED_TEXT = "garbled_text"  # read in another encoding than it was written in
    STRAY_PLACEHOLDER = "stray_placeholder"  # the place of an image or a video, in a text that shows none there
    NOT_AMONG_CHOICES = "not_among_choices"  # an answer that is none of the choices
    REPEATED_CHOICES = "repeated_choices"  # a question that offers one choice twice
    BAD_BOX = "bad_box"  # empty, turned over, or outside its picture
    PERSONAL_DATA = "personal_data"  # of a kind whose rows are to be dropped
    LISTED_MEDIUM = "listed_medium"  # an image or a video whose hash is on a list
    UNSAFE_IMAGE = "unsafe_image"  # too near to a concept that is not to be shown
    CONFLICTING_ANSWER = "conflicting_answer"  # another row answers the same question on the same images otherwise
    JOINED = "joined"  # its turns stand in another row, about the same images
    CROWDED_IMAGE = "crowded_image"  # its images have as many rows as they may
    BENCHMARK_IMAGE_AND_QUESTION = "benchmark_image_and_question"  # a benchmark's picture, and its question about it
    BENCHMARK_IMAGE = "benchmark_image"  # a benchmark's picture, and another question
    BENCHMARK_TEXT = "benchmark_text"  # most of a long question of a benchmark
    BENCHMARK_QUESTION = "benchmark_question"  # a benchmark's question, and no sign of its picture
    NO_REPLY = "no_reply"  # a server that will not answer what it was asked, however often
    NOT_PRESELECTED = "not_preselected"  # beyond what the mixture can draw, with its margin
    LOW_RATING = "low_rating"  # an answer that a model rates lower than allowed
    UNSAFE_BY_GUARD = "unsafe_by_guard"  # what a guard model takes for unsafe
    GUARD_UNJUDGED = "guard_unjudged"  # what a guard model said nothing of that can be read


class Reject(NamedTuple):
    """One dropped sample, or one member that belongs to no sample."""

    key: str
    reason: Reason
    detail: str


@dataclass(frozen=True)
class Counts:
    """Rows of one shard or one stage: those that came in and were made are those that went out or were rejected. Adding
    is exact and order does not matter, so it can be combined anywhere."""

    rows_in: int = 0
    rows_out: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    made: int = 0  # rows that no stage had before, by the few stages that make some

    @classmethod
    def of(cls, rows_out: int, rejects: Iterable[Reject], made: int = 0) -> Counts:
        tally = Counter(str(reject.reason) for reject in rejects)
        return cls(rows_out + tally.total() - made, rows_out, dict(sorted(tally.items())), made)

    def __add__(self, other: Counts) -> Counts:
        rejects = Counter(self.rejects)
        rejects.update(other.rejects)
        sums = (self.rows_in + other.rows_in, self.rows_out + other.rows_out)
        return Counts(*sums, dict(sorted(rejects.items())), self.made + other.made)

    @property
    def rejected(self) -> int:
        return sum(self.rejects.values())

    def to_dict(self) -> dict[str, Any]:
        made = {"made": self.made} if self.made else {}
        rejects = dict(sorted(self.rejects.items()))
        return {"rows_in": self.rows_in, "rows_out": self.rows_out, "rejects": rejects, **made}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Counts:
        """What :meth:`to_dict` gave; raises ValueError for anything else."""
        return _STORED.validate_python(values)

    def check(self, stage: str, max_reject_share: float = 1.0) -> None:
        """Raises EvenweaveError when rows were lost, or when more than ``max_reject_share`` of them were rejected."""
        lost = abs(self.rows_in + self.made - self.rows_out - self.rejected)
        if lost:
            raise EvenweaveError(
                f"{stage}: {self.rows_in + self.made} rows in, but {self.rows_out} out and {self.rejected} rejected. "
                f"{lost} are unaccounted for; please report this."
            )
        if self.rows_in and self.rejected > max_reject_share * self.rows_in:
            worst = ", ".join(f"{reason} {count}" for reason, count in Counter(self.rejects).most_common(3))
            raise EvenweaveError(
                f"{stage}: {self.rejected} of {self.rows_in} rows were rejected ({worst}), more than the configured "
                f"share {max_reject_share:g}. See rejects/{stage}/ for each; mend the input or raise max_reject_share."
            )


_STATED = tuple(one.name for one in fields(Counts) if one.name != "made")


def _refuse_parts(values: object) -> object:
    """Counts at rest are whole: what is left out would otherwise be read as nothing."""
    if isinstance(values, Mapping) and (missing := [name for name in _STATED if name not in values]):
        raise ValueError(f"counts lack {', '.join(missing)}")
    return values


#: Counts as a field of something at rest.
StoredCounts = Annotated[Counts, BeforeValidator(_refuse_parts)]
_STORED: TypeAdapter[Counts] = TypeAdapter(StoredCounts)
