"""Instruction rows at rest: what was read, what stages wrote over it, what they found out: each a dataset of its own.

Texts are never overwritten. Rows are written once; each stage writes its edits and facts in the order of the rows, and
:mod:`transforms.instruct.folding` joins them. So a stage can be left out, repeated or mixed anew without asking a model
again, and the origin of every text is known.

Names that repeat are plain strings: Parquet's own dictionaries pay for them at rest, and tables of several shards join
without theirs being made one.
"""

from __future__ import annotations

import pyarrow as pa

#: ``text`` of a part that is text; ``media`` is the place in the row's list, of a part that shows one.
PART = pa.struct([("type", pa.string()), ("text", pa.string()), ("media", pa.int32())])

#: ``role``: system, user, assistant or tool. ``reasoning``: what was thought before an answer, null without any.
#: ``train``: whether an answer is learnt.
MESSAGE = pa.struct(
    [("role", pa.string()), ("content", pa.list_(PART)), ("reasoning", pa.string()), ("train", pa.bool_())]
)

#: An image or a video: by ``uri`` (and where in it: a member, an offset), or by ``bytes`` where no file holds it alone.
#: Width and height in pixels as seen, after EXIF orientation; ``content_hash`` is xxh3-128 of the original bytes.
MEDIUM = pa.struct(
    [
        ("kind", pa.string()),  # image or video
        ("uri", pa.string()),
        ("member", pa.string()),
        ("offset", pa.int64()),
        ("size_bytes", pa.int64()),
        ("bytes", pa.binary()),
        ("format", pa.string()),
        ("content_hash", pa.binary(16)),
        ("perceptual_hash", pa.binary()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("frames", pa.int32()),  # of a video: all that it holds
        ("licence", pa.string()),
        ("origin_url", pa.string()),
    ]
)

#: A place in a picture. ``xy``: x1, y1, x2, y2 of a box, in upright pixels of the medium. ``start`` and ``end`` are the
#: characters of the part that say it; message, part, start and end are -1 for one that stands beside the turns.
REGION = pa.struct(
    [
        ("media", pa.int32()),
        ("kind", pa.string()),
        ("xy", pa.list_(pa.float32())),
        ("label", pa.string()),
        ("message", pa.int16()),
        ("part", pa.int16()),
        ("start", pa.int32()),
        ("end", pa.int32()),
    ]
)

#: What an answer is: its form and canonical value, null for code and free text. ``choices`` are those offered, or all
#: that are accepted; ``correct`` are the places of those that are right.
ANSWER = pa.struct(
    [
        ("message", pa.int16()),
        ("form", pa.string()),
        ("value", pa.string()),
        ("choices", pa.list_(pa.string())),
        ("correct", pa.list_(pa.int16())),
    ]
)

#: One row a record. ``group``, ``split``, ``category`` and ``pair`` are null until a stage knows them.
ROWS = pa.schema(
    [
        ("key", pa.string()),  # of its own in all sources
        ("source", pa.string()),
        ("source_key", pa.string()),  # what the record calls itself
        ("group", pa.binary(16)),
        ("split", pa.string()),
        ("messages", pa.list_(MESSAGE)),
        ("tools", pa.string()),  # JSON of the definitions, empty without any
        ("media", pa.list_(MEDIUM)),
        ("regions", pa.list_(REGION)),
        ("answers", pa.list_(ANSWER)),
        ("language", pa.string()),
        ("category", pa.string()),
        ("category_by", pa.string()),
        ("licence_data", pa.string()),
        ("model_terms", pa.list_(pa.string())),
        ("pair", pa.struct([("key", pa.string()), ("relation", pa.string())])),
        ("source_record", pa.large_string()),  # JSON: the record as it was found, media as their hashes
    ]
)

#: One text that a stage wrote over one part; part -1 is what was thought before an answer, and message -1 with it the
#: definitions of tools. ``before`` is xxh3-128 of the text that it was written over, ``prompt``
#: and ``request`` name what a model was asked; ``verdict`` is kept, or why it was refused.
EDITS = pa.schema(
    [
        ("key", pa.string()),
        ("message", pa.int16()),
        ("part", pa.int16()),
        ("text", pa.string()),
        ("before", pa.binary(16)),
        ("origin", pa.string()),  # normalised, masked, rewritten, translated, captioned or template
        ("by", pa.string()),  # model@revision, or the template
        ("prompt", pa.binary(16)),
        ("request", pa.binary(16)),
        ("verdict", pa.string()),
    ]
)
KEPT = "kept"

#: What a stage found out of each row that it let through: what it does not know is null.
FACTS = pa.schema(
    [
        ("key", pa.string()),
        ("masked", pa.list_(pa.int16())),  # messages that are not learnt
        ("cut_from", pa.int16()),  # the first message that is not shown any more
        ("reasoning", pa.string()),  # strip: what was thought before answers is not shown any more
        ("group", pa.binary(16)),
        ("split", pa.string()),
        ("language", pa.string()),
        ("category", pa.string()),
        ("category_by", pa.string()),
        ("pair", pa.struct([("key", pa.string()), ("relation", pa.string())])),
        (
            "ratings",
            pa.list_(
                pa.struct(
                    [("message", pa.int16()), ("axis", pa.string()), ("score", pa.float32()), ("by", pa.string())]
                )
            ),
        ),
        ("safety", pa.list_(pa.struct([("kind", pa.string()), ("score", pa.float32()), ("action", pa.string())]))),
        ("conflicts", pa.list_(pa.string())),
        ("num_tokens", pa.int32()),
        ("loss_tokens", pa.int32()),
        ("vision_patches", pa.int32()),
    ]
)
