"""Which source can hold which row."""

from __future__ import annotations

import numpy as np

from transforms.miniature.instruct.marks import MARK
from transforms.miniature.instruct.rows import Category, Exchange, Row
from transforms.miniature.instruct.sources import SOURCES, FileFormat, Shape, Source


def has_boxes(exchange: Exchange) -> bool:
    return bool(MARK.search(exchange.question.en) or MARK.search(exchange.answer.en))


def can_hold(source: Source, row: Row) -> bool:
    """Whether the source's shape has a place for all that the row holds."""
    if any(map(has_boxes, row.exchanges)) and not source.takes_boxes:
        return False
    if not row.pictures:
        return source.is_chat and source.file_format in (FileFormat.JSON, FileFormat.JSONL)
    if source.shape is Shape.ALPACA:
        return False
    single = len(row.exchanges) == 1 and len(row.pictures) == 1 and row.exchanges[0].reasoning is None
    if source.shape is Shape.CAPTION:
        return single and row.category is Category.CAPTIONING and not row.system
    if source.shape is Shape.VQA:
        return single and row.category is not Category.CAPTIONING and not row.system
    return source.shape is not Shape.TEXTS or not row.system


def another_source(row: Row, rng: np.random.Generator) -> Source | None:
    """One of the other sources that can hold the row, the larger the likelier; its own where none can."""
    able = [source for source in SOURCES if source.name != row.source and can_hold(source, row)]
    if not able:
        return next((source for source in SOURCES if source.name == row.source), None)
    shares = np.array([source.per_mille for source in able])
    return able[int(rng.choice(len(able), p=shares / shares.sum()))]
