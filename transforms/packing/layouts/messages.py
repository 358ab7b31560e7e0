"""The unpacked layout: Parquet of messages in content parts, with the original images, as Hugging Face recipes read it.

A row is a document: ``messages`` (role, and content of parts with type and text), ``images`` (bytes and name, in the
order of the image parts; ``datasets`` decodes them), ``videos`` alike, ``key`` and ``source``. TRL's vision trainers
take the first two columns as they are. NeMo AutoModel wants each image inside its part: the README shows how.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from transforms.conversations.document import Message, Text
from transforms.exporting.manifest import ShardStats
from transforms.packing.documents.media import LocatedDocument, Media
from transforms.packing.layouts.ready import ReadyPack
from transforms.packing.layouts.row_groups import RowGroups
from transforms.storage import StoragePath

_MEDIA = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
_PART = pa.struct([("type", pa.string()), ("text", pa.string())])
_STRING = {"dtype": "string", "_type": "Value"}
_MEDIA_FEATURE = {"_type": "List", "feature": {"bytes": {"dtype": "binary", "_type": "Value"}, "path": _STRING}}
#: What ``datasets`` reads from the footer (``Features.to_dict``), so that images come decoded.
_FEATURES = {
    "key": _STRING,
    "source": _STRING,
    "messages": {
        "_type": "List",
        "feature": {"role": _STRING, "content": {"_type": "List", "feature": {"type": _STRING, "text": _STRING}}},
    },
    "images": {"_type": "List", "feature": {"_type": "Image"}},
    "videos": _MEDIA_FEATURE,
}
SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("source", pa.string()),
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.list_(_PART))]))),
        ("images", _MEDIA),
        ("videos", _MEDIA),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": _FEATURES}})},
)

README = """\
---
configs:
- config_name: default
  data_files:
  - split: train
    path: "*.parquet"
---

# Documents, not packed

With Hugging Face datasets (TRL reads `messages` and `images` as they are):

```python
import datasets

documents = datasets.load_dataset("parquet", data_files="packed/*.parquet", split="train", streaming=True)
for document in documents:
    print(document["messages"], document["images"])
```

For NeMo AutoModel, a dataset function of its form, each image inside its part:

```python
import datasets


def make_dataset(path_or_dataset="packed/*.parquet", split="train", **_):
    def conversation(document):
        if document["videos"]:
            raise ValueError(f"{document['key']} shows a video, for which that form has no place")
        images = iter(document["images"])
        return {
            "conversation": [
                {
                    "role": message["role"],
                    "content": [
                        {"type": "image", "image": next(images)} if part["type"] == "image"
                        else {"type": "text", "text": part["text"]}
                        for part in message["content"]
                    ],
                }
                for message in document["messages"]
            ]
        }

    return [conversation(row) for row in datasets.load_dataset("parquet", data_files=path_or_dataset, split=split)]
```
"""


def fault(located: LocatedDocument) -> str | None:
    """Why the layout cannot hold a document, or None."""
    if all(message.train for message in located.document.messages):
        return None
    return "rows of messages do not say which answers are not trained on"


def write_readme(folder: StoragePath, shards: Sequence[ShardStats]) -> None:  # noqa: ARG001 - whatever the shards
    (folder / "README.md").write_text(README)


class ParquetShard:
    """Appends documents to a Parquet stream in row groups."""

    def __init__(self, stream: Any) -> None:
        self._groups = RowGroups(stream, SCHEMA)
        self.written_bytes = 0

    def add(self, pack: ReadyPack) -> None:
        for one, images, videos in zip(pack.located, pack.images, pack.videos, strict=True):
            document = one.document
            row = {
                "key": document.key,
                "source": document.source,
                "messages": [_message(message) for message in document.messages],
                "images": _named(one.images, images),
                "videos": _named(one.videos, videos),
            }
            text_bytes = sum(len(part.text) for part in document.parts() if isinstance(part, Text))
            size_bytes = sum(map(len, images)) + sum(map(len, videos)) + text_bytes
            self.written_bytes += size_bytes
            self._groups.add(row, size_bytes)

    def finish(self) -> None:
        self._groups.finish()


def _message(message: Message) -> dict[str, Any]:
    parts = [
        {"type": "text", "text": part.text} if isinstance(part, Text) else {"type": type(part).__name__.lower()}
        for part in message.content
    ]
    return {"role": message.role, "content": parts}


def _named(media: Sequence[Media], data: Sequence[bytes]) -> list[dict[str, Any]]:
    """``path`` is a name with the right ending, no place on the machine that packed."""
    return [
        {"bytes": content, "path": f"{index}.{one.ending}"}
        for index, (one, content) in enumerate(zip(media, data, strict=True))
    ]
