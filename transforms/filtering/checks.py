"""What can be told of the rules before any work: raises where one could not do what it says."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.errors import ConfigError
from transforms.filtering.blocked_words import read_blocked_words
from transforms.filtering.settings import FilterSettings
from transforms.reading.settings import SourceSettings


def check_filter(settings: FilterSettings, sources: Mapping[str, SourceSettings]) -> None:
    """Raises ConfigError for a list of words that cannot be read, and for languages that were not told."""
    if settings.blocked_words is not None:
        read_blocked_words(settings.blocked_words)
    for name in settings.languages or ():
        if name not in sources:
            raise ConfigError(f"filter.languages names {name!r}, but the sources are {', '.join(sources)}")
        if sources[name].language != "auto":
            raise ConfigError(
                f"filter.languages.{name}: that source's language is {sources[name].language} by its settings, and "
                "not told from captions. Set its language to auto, or leave it out here."
            )
