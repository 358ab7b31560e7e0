"""The formats of input, each one object, in one registry that everything else takes them from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never, get_args

from transforms.reading.formats.folder import FOLDER
from transforms.reading.formats.format import Format
from transforms.reading.formats.interleaved_parquet import INTERLEAVED_PARQUET
from transforms.reading.formats.interleaved_webdataset import INTERLEAVED_WEBDATASET
from transforms.reading.formats.parquet import PARQUET
from transforms.reading.formats.webdataset import WEBDATASET
from transforms.reading.settings import FormatName


def _format(name: FormatName) -> Format:
    """The object of a format; one that settings name and this does not know fails the type check, and the import."""
    match name:
        case "interleaved_parquet":
            return INTERLEAVED_PARQUET
        case "interleaved_webdataset":
            return INTERLEAVED_WEBDATASET
        case "webdataset":
            return WEBDATASET
        case "parquet":
            return PARQUET
        case "folder":
            return FOLDER
        case _:
            assert_never(name)


#: Every format by its name in the settings; where files could be of two, the earlier is asked first.
FORMATS: Mapping[FormatName, Format] = MappingProxyType({name: _format(name) for name in get_args(FormatName)})
