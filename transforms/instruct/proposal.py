"""What a look at a set proposes: the YAML of a source, each line with what it rests on."""

from __future__ import annotations

import json
import re

from transforms.instruct.grounding.evidence import Candidate, describe
from transforms.instruct.inspection import Inspection
from transforms.instruct.settings import AUTO

_MOST_TOLD = 4  # candidates or names in a comment


def proposal(found: Inspection) -> str:
    """One item of ``sources``: what is certain is filled in, what a person has to say is named in its comment."""
    lines = [
        ("name", found.source.name, "in keys, files and the report"),
        ("path", found.source.path, f"{len(found.files)} file(s)"),
        ("adapter", *_adapter(found)),
        *_media(found),
        ("place_media", *_place_media(found)),
        *_coordinates(found),
        ("language", *_language(found)),
        ("license", *_license(found)),
        ("model_terms", None, "[openai, …] where models wrote parts of it: no record says so"),
    ]
    text = "".join(f"    {key}: {_yaml(key, value)} # {' '.join(why.split())}\n" for key, value, why in lines)
    return "sources:\n  -" + text[3:]


def _adapter(found: Inspection) -> tuple[str, str]:
    counts = ", ".join(f"{name} {count}" for name, count in found.adapters.most_common()) or "none"
    name = next(iter(found.adapters)) if len(found.adapters) == 1 else AUTO
    rejected = sum(found.rejects.values())
    return name, f"of {found.records} records: {counts}" + (f"; rejected {rejected}" if rejected else "")


def _media(found: Inspection) -> list[tuple[str, str | None, str]]:
    if not found.media:
        return []
    names = ", ".join(dict.fromkeys(found.missing[:_MOST_TOLD]))
    read = f"{found.measured} were read, {len(found.missing)} not found" + (f": {names}" if names else "")
    return [("media", found.source.media, read), ("media_prefix", found.source.media_prefix, "left out of names")]


def _place_media(found: Inspection) -> tuple[str, str]:
    if found.unplaced:
        return "before_first_question", f"{found.unplaced} records do not say where theirs stand"
    return found.source.place_media, "every record says where its images and videos stand"


def _coordinates(found: Inspection) -> list[tuple[str, str | None, str]]:
    if not found.notations:
        return [("coordinates", None, "no boxes were seen")]
    boxes = ", ".join(f"{name} {count}" for name, count in found.notations.most_common())
    likely = [one for one in found.candidates if one.is_likely]
    if len(likely) == 1:
        convention = likely[0].convention
        value = f"{{unit: {convention.unit}, order: {convention.order}, frame: {convention.frame}}}"
        return [("coordinates", value, f"{boxes}; the only one in which {_share(likely[0])}. Confirm it")]
    told = "; ".join(f"{describe(one)}: {_share(one)}" for one in (likely or found.candidates)[:_MOST_TOLD])
    if not any(one.boxes for one in found.candidates if one.convention.unit == "pixels"):
        told += "; no picture was found, so pixels and other frames were not judged"
    return [("coordinates", None, f"declare it, the set is not read without: {boxes}; {told}")]


def _share(candidate: Candidate) -> str:
    return f"{candidate.inside:.1%} of {candidate.boxes} boxes lie inside"


def _language(found: Inspection) -> tuple[str, str]:
    counts = ", ".join(f"{name} {count}" for name, count in found.languages.most_common())
    known = [name for name in found.languages if name != "und"]
    return (known[0] if len(found.languages) == len(known) == 1 else AUTO), counts or "no record was read"


def _license(found: Inspection) -> tuple[str, str]:
    missing = found.licences.get("unknown", 0)
    stated = ", ".join(f"{name} {count}" for name, count in found.licences.most_common() if name != "unknown")
    why = f"{missing} records state none: name it" if missing else "every record states its own"
    return found.source.license, why + (f"; stated: {stated}" if stated else "")


def _yaml(key: str, value: str | None) -> str:
    if key == "model_terms":
        return "[]"
    if value is None or (key == "coordinates") or re.fullmatch(r"[A-Za-z./][\w./-]*", value, re.ASCII):
        return value or "null"
    return json.dumps(value, ensure_ascii=False)
