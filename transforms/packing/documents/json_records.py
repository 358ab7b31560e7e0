"""Files of JSON records → the records one after another, each with its key: a list in one file, or JSON Lines.

Neither needs more memory than its largest record takes, and a record that cannot be read is one record: what follows it
is read all the same. Only a list whose own syntax breaks off cannot be gone on with.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from transforms.bounded_json import TOO_DEEP, TOO_MANY_DIGITS, check_depth, decode, end_of_value
from transforms.errors import InputError
from transforms.packing.inputs import PackInput

_BUFFER_BYTES = 1 << 20
_NEAR_END = 64  # characters: a value cut off at the end of the buffer is an error no farther than this from it
_SPACE = re.compile(r"[ \t\r\n]*")
_BLANK = b" \t\r\n\xef\xbb\xbf"  # white space of JSON, and the byte order mark


class MalformedRecord(NamedTuple):
    """In place of a record that cannot be read."""

    detail: str


def read_json(part: PackInput) -> Iterator[tuple[str, Any]]:
    """Key and value of each record, in order: its number in a list, or the first byte of its line.

    Raises InputError, naming file and line, for a list that is not JSON, and for a file that cannot be read.
    """
    try:
        yield from _items(part)
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else error
        raise InputError(
            f"source {part.source}: {part.path} cannot be read: {said}. Mend that and run the same command again."
        ) from error


def _items(part: PackInput) -> Iterator[tuple[str, Any]]:
    if part.path.name.lower().endswith(".json"):
        with io.BufferedReader(part.path.open_random(), _BUFFER_BYTES) as file:
            records = _ListReader(file, f"source {part.source}: {part.path}").records()
            yield from ((f"{number:08d}", record) for number, record in enumerate(records))
        return
    for offset, line in _lines(part):
        if line.strip(_BLANK):
            yield f"{offset:012d}", _record_of_line(line)


def _record_of_line(line: bytes) -> Any:
    try:
        return decode(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return MalformedRecord(f"byte {error.start} of the line is not UTF-8")
    except ValueError as error:
        return MalformedRecord(str(error))


def _lines(part: PackInput) -> Iterator[tuple[int, bytes]]:
    """The lines that begin in the range, each with the place of its first byte."""
    with io.BufferedReader(part.path.open_random(), _BUFFER_BYTES) as file:
        offset = part.first_byte
        if offset:  # the line that began before belongs to the range before
            file.seek(offset - 1)
            offset += len(file.readline()) - 1
        file.seek(offset)
        while offset < part.end_byte and (line := file.readline()):
            yield offset, line
            offset += len(line)


class _ListReader:
    """Takes one value after another from a buffer of decoded text, and reads on where one does not end in it."""

    def __init__(self, file: io.BufferedReader, where: str) -> None:
        self._file, self._where = file, where
        head = file.read(4)
        encoding = json.detect_encoding(head)  # UTF-16 and UTF-32 too, as JSON was once allowed to be
        # a byte that is no UTF-8 spoils the record that it stands in (as a lone surrogate), not the whole file
        errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors)
        self._json = json.JSONDecoder()
        self._text, self._at, self._line = self._decoder.decode(head), 0, 1
        self._ended = False

    def records(self) -> Iterator[Any]:
        if self._next_character() != "[":
            raise InputError(
                f"{self._where} must hold a list of records, [{{…}}, {{…}}]. If each of its lines is a record, name it "
                ".jsonl."
            )
        self._at += 1
        ends = self._next_character() == "]"
        self._at += ends
        while not ends:
            yield self._value()
            after = self._next_character()
            if after not in (",", "]"):
                raise self._syntax_error("expected ',' or ']' after a record", self._at)
            self._at += 1
            ends = after == "]"
        if self._next_character():
            raise self._syntax_error("there is more after the end of the list", self._at)

    def _value(self) -> Any:
        self._next_character()
        while True:
            start = self._at
            try:
                value, end = self._json.raw_decode(self._text, start)
                if end < len(self._text) or self._ended:  # else a number may go on
                    self._at = end
                    brackets = self._text.count("[", start, end) + self._text.count("{", start, end)
                    return _bounded(value, brackets)
            except json.JSONDecodeError as error:
                if self._ended or not self._may_go_on(error):
                    raise self._syntax_error(error.msg, error.pos) from error
            except (ValueError, RecursionError) as error:
                if (skipped := end_of_value(self._text, start)) is not None and self._text[start] in "[{":
                    self._at = skipped
                    return MalformedRecord(TOO_DEEP if isinstance(error, RecursionError) else TOO_MANY_DIGITS)
                if self._ended:
                    raise self._syntax_error("the list ends within a record", len(self._text)) from error
            self._read_on()

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos > len(self._text) - _NEAR_END

    def _next_character(self) -> str:
        """The one after white space, not taken yet; empty at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._at)
            assert space is not None  # none is also some
            self._at = space.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._read_on()

    def _read_on(self) -> None:
        """At least as much again as waits, so that a long record is not looked at too often."""
        self._line += self._text.count("\n", 0, self._at)
        data = self._file.read(max(_BUFFER_BYTES, len(self._text) - self._at))
        self._ended = not data
        self._text = self._text[self._at :] + self._decoder.decode(data, final=self._ended)
        self._at = 0

    def _syntax_error(self, what: str, at: int) -> InputError:
        line = self._line + self._text.count("\n", 0, at)
        return InputError(f"{self._where} is not JSON: {what}, line {line}. Mend the file and run again.")


def _bounded(value: Any, brackets: int) -> Any:
    try:
        check_depth(value, brackets)
    except ValueError as error:
        return MalformedRecord(str(error))
    return value
