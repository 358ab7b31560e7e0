"""Two scripts of one language: Chinese words are one whether written in simplified or traditional characters.

By OpenCC (https://github.com/BYVoid/OpenCC): its phrases tell what single characters do not: 皇后 and 後面,
發現 and 頭髮.
"""

from __future__ import annotations

import functools
from typing import Any

#: OpenCC's configurations: to the script that forms are compared in, and back to the other one.
_TO_COMMON, _TO_OTHER = {"zh": "t2s"}, {"zh": "s2t"}


def common_script(text: str, language: str) -> str:
    """``text`` in the script that words of the language are compared in: simplified Chinese; others as they are."""
    return _convert(text, _TO_COMMON.get(language))


def other_script(text: str, language: str) -> str:
    """How else it is written: traditional Chinese; others as they are."""
    return _convert(text, _TO_OTHER.get(language))


def _convert(text: str, configuration: str | None) -> str:
    return text if configuration is None or text.isascii() else str(_converter(configuration).convert(text))


@functools.cache
def _converter(configuration: str) -> Any:
    from opencc import OpenCC  # only Chinese needs its tables

    return OpenCC(configuration)
