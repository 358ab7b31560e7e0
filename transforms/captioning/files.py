"""``captions/``: of each input shard the captions that were taken, beside them those that were not, and an account.

``captions.json`` is written last: without it there are none. Export reads captions through here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import xxhash

from transforms.at_rest import FORMAT_VERSION, parsing, read_versioned_json
from transforms.datasets import ShardName, read_metadata, read_table
from transforms.errors import RunFolderError
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

#: ``prompt`` and ``request``: 16 bytes, what was asked. An image has a row for each language that it has a caption in.
#: ``safety``: what the gate covered or marked in it.
CAPTIONS = pa.schema(
    [
        ("key", pa.string()),
        ("lang", pa.string()),
        ("caption", pa.string()),
        ("by", pa.string()),  # model, or model@revision
        ("prompt", pa.binary(16)),
        ("request", pa.binary(16)),
        ("safety", pa.list_(pa.string())),
    ]
)
#: In the footer of both: which images were to be captioned.
KEYS_DIGEST = "keys_digest"


@dataclass(frozen=True)
class CaptionFolder:
    """Cheap and picklable."""

    root: StoragePath

    @classmethod
    def of(cls, run: RunFolder) -> CaptionFolder:
        return cls(run.root / "captions")

    @property
    def account(self) -> StoragePath:
        return self.root / "captions.json"

    def kept(self, name: ShardName) -> StoragePath:
        return self.root / f"kept/{name.source}/{name.shard}.parquet"

    def rejects(self, name: ShardName) -> StoragePath:
        return self.root / f"rejects/{name.source}/{name.shard}.parquet"


@dataclass(frozen=True)
class Account:
    """``fingerprint`` of the files; ``counts`` are of captions: images times languages went in."""

    fingerprint: str
    languages: tuple[str, ...]
    by: str
    counts: Counts


def write_account(folder: CaptionFolder, account: Account) -> None:
    values = {
        "format_version": FORMAT_VERSION,
        "fingerprint": account.fingerprint,
        "languages": list(account.languages),
        "by": account.by,
        "counts": account.counts.to_dict(),
    }
    folder.account.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def read_account(folder: CaptionFolder) -> Account | None:
    """None where the images were not captioned, or not to the end."""
    if not folder.account.is_file():
        return None
    with parsing(folder.account):
        values = read_versioned_json(folder.account, None)
        counts = Counts.from_dict(values["counts"])
        return Account(values["fingerprint"], tuple(values["languages"]), values["by"], counts)


def keys_digest(name: ShardName, keys: Sequence[str]) -> str:
    """Of the images of a shard that were chosen, in any order."""
    together = xxhash.xxh3_128("/".join(name).encode())
    for key in sorted(keys):
        together.update(xxhash.xxh3_128_digest(key.encode("utf-8", "surrogatepass")))
    return together.hexdigest()


def written_json(folder: CaptionFolder, account: Account, name: ShardName, keys: Sequence[str]) -> pa.Array:
    """(N,) JSON by language of the captions of ``keys``, every language in each, null where a caption was not taken.

    Raises RunFolderError where they are of other images than ``keys``.
    """
    path = folder.kept(name)
    if read_metadata(path, account.fingerprint).get(KEYS_DIGEST) != keys_digest(name, keys):
        raise RunFolderError(
            f"{path} holds captions of another selection. Run evenweave caption again, or remove {folder.root} to "
            "export without captions."
        )
    found: dict[str, dict[str, str]] = {}
    for row in read_table(path, account.fingerprint, ["key", "lang", "caption"]).to_pylist():
        found.setdefault(row["key"], {})[row["lang"]] = row["caption"]
    empty = dict.fromkeys(account.languages)
    texts = [json.dumps({**empty, **found.get(key, {})}, ensure_ascii=False, separators=(",", ":")) for key in keys]
    return pa.array(texts, pa.large_string())
