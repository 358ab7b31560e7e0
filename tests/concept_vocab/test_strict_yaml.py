"""YAML that surprises is refused with its line; what people write is read as PyYAML reads it."""

from __future__ import annotations

import time

import pytest
import yaml

from concept_vocab.strict_yaml import YamlError, load_yaml

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\nb: [1.5, yes, null, text, 2020-01-02]\nc: {d: '\\n'}\n",
        "\ufeffa: 1\n",
        "base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\n",
        "a: &a [1, 2]\nb: *a\nc: *a\n",
        '1: a\n"1": b\n',
        "名: 猫\n",
    ],
)
def test_ordinary_yaml(text: str) -> None:
    assert load_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LAUGHS, "aliases stand for more than 10000 values"),
        ("a: &a [*a]\n", "an alias holds itself"),
        ("a: &a {b: *a}\n", "an alias holds itself"),
        ("<<: &a [*a]\n", "an alias holds itself"),
        ("[" * 100_000, "nested more than 50 deep"),
        ("- " * 10_000 + "x", "nested more than 50 deep"),
        ("a: 1\nb: 2\na: 3\n", r"key 'a' was given on line 1 already(.|\n)*line 3"),
        ("x: {a: 1, a: 1}\n", "key 'a' was given on line 1 already"),
        ("? [a]\n: 1\n", "a key must be a single value"),
        ("a: 2020-13-45\n", r"'2020-13-45' cannot be read as timestamp(.|\n)*line 1"),
        ("a: !!int x\n", "'x' cannot be read as int"),
        ("a: !!bool x\n", "'x' cannot be read as bool"),
        ("a: !!timestamp x\n", "'x' cannot be read as timestamp"),
        ("a: " + "9" * 5000, "cannot be read as int"),
        ("a: !!python/object:os.system x\n", "could not determine a constructor"),
        ('a: "\\ud800"\n', "lone surrogate"),
        ('"\\0": 1\n', "holds a zero"),
        ("a: \x00\n", "special characters are not allowed"),
        ("a: [\n", "expected the node content"),
        ("a: 1\n---\nb: 2\n", "expected a single document"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    started = time.process_time()
    with pytest.raises(YamlError, match=says):
        load_yaml(text)
    assert time.process_time() - started < 1
