"""Exchanges without a picture: code, formulas, sums in words, with reasoning; and the long ones of the benchmark."""

from __future__ import annotations

import numpy as np

from transforms.miniature.instruct.rows import Bilingual, Exchange, Form

_NAMES = (
    ("Ada", "艾达"), ("Ben", "本"), ("Chloe", "克洛伊"), ("Dan", "丹"), ("Eva", "伊娃"), ("Finn", "芬恩"),
    ("Grace", "格蕾丝"), ("Hugo", "雨果"), ("Ines", "伊内斯"), ("Jonas", "约纳斯"), ("Kira", "琪拉"), ("Leo", "利奥"),
)  # fmt: skip
_GOODS = (
    ("notebooks", "笔记本"), ("lamps", "台灯"), ("kites", "风筝"), ("chairs", "椅子"), ("apples", "苹果"),
    ("stamps", "邮票"), ("tiles", "瓷砖"), ("ropes", "绳子"), ("bulbs", "灯泡"), ("plants", "盆栽"), ("bells", "铃铛"),
)  # fmt: skip
_PLACES = (
    ("a market", "市场"), ("a school", "学校"), ("a harbour", "港口"), ("a museum", "博物馆"), ("a farm", "农场"),
    ("a theatre", "剧院"), ("a garden", "花园"), ("a workshop", "车间"), ("a library", "图书馆"),
)  # fmt: skip
_FIELDS = ["price", "weight", "height", "score", "length", "volume", "age", "depth", "speed", "charge", "rank", "width"]
_TABLES = ["orders", "parcels", "readings", "members", "tickets", "samples", "visits", "lessons", "repairs", "harvests"]
_WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "juniper", "kelp", "lagoon",
    "maple", "nectar", "onyx", "pebble",
)  # fmt: skip


def text_exchange(rng: np.random.Generator) -> Exchange:
    """One of the kinds below."""
    makers = (_code, _query, _formula, _sum_in_words, _trace, _long_problem)
    return makers[rng.integers(len(makers))](rng)


def long_exchange(rng: np.random.Generator) -> Exchange:
    """A problem of some sixty words, whose words are drawn: what the benchmark asks without a picture."""
    return _long_problem(rng)


def _pick(rng: np.random.Generator, pairs: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    return pairs[rng.integers(len(pairs))]


def _words(rng: np.random.Generator, count: int) -> list[str]:
    return [_WORDS[i] for i in rng.choice(len(_WORDS), count, replace=False)]


def _code(rng: np.random.Generator) -> Exchange:
    field, table = _FIELDS[rng.integers(len(_FIELDS))], _TABLES[rng.integers(len(_TABLES))]
    low, verb = int(rng.integers(2, 400)), ("sum", "max", "min")[rng.integers(3)]
    name = f"{verb}_{field}_of_{table}"
    answer = (
        f"```python\ndef {name}({table}):\n"
        f"    kept = [row[{field!r}] for row in {table} if row[{field!r}] > {low}]\n"
        f"    return {verb}(kept) if kept else 0\n```"
    )
    question = Bilingual(
        f"Write a Python function {name} that takes {verb} over {field} of those {table} whose {field} exceeds {low}.",
        f"编写 Python 函数 {name}：对 {table} 中 {field} 大于 {low} 的记录求 {verb}。",
    )
    return Exchange("code", question, Bilingual(answer, answer), Form.CODE)


def _query(rng: np.random.Generator) -> Exchange:
    (first, second), table = (_FIELDS[i] for i in rng.choice(len(_FIELDS), 2, replace=False)), _TABLES[rng.integers(10)]
    most, count = int(rng.integers(5, 900)), int(rng.integers(2, 60))
    answer = (
        f"```sql\nSELECT {first}, AVG({second}) FROM {table}\nWHERE {second} < {most}\nGROUP BY {first}\n"
        f"ORDER BY AVG({second}) DESC LIMIT {count};\n```"
    )
    question = Bilingual(
        f"Write SQL: from {table}, the mean {second} below {most} for each {first}, the highest {count}.",
        f"写一条 SQL：在 {table} 中按 {first} 分组，求小于 {most} 的 {second} 的均值，取最高的 {count} 个。",
    )
    return Exchange("query", question, Bilingual(answer, answer), Form.CODE)


def _formula(rng: np.random.Generator) -> Exchange:
    r, s, a = (int(rng.integers(1, 20)) for _ in range(3))
    symbol = "xyztu"[rng.integers(5)]
    equation = f"${a}{symbol}^2 - {a * (r + s)}{symbol} + {a * r * s} = 0$"
    low, high = sorted((r, s))
    roots = f"${symbol} = {low}$" if low == high else f"${symbol}_1 = {low},\\; {symbol}_2 = {high}$"
    factors = f"${a}({symbol} - {low})({symbol} - {high}) = 0$"
    return Exchange(
        "formula",
        Bilingual(f"Solve {equation} for {symbol}.", f"解方程 {equation}，求 {symbol}。"),
        Bilingual(roots, roots),
        Form.FORMULA,
        reasoning=Bilingual(f"The left side factors: {factors}.", f"左边可以因式分解：{factors}。"),
    )


def _sum_in_words(rng: np.random.Generator) -> Exchange:
    name, goods, place = _pick(rng, _NAMES), _pick(rng, _GOODS), _pick(rng, _PLACES)
    boxes, each, given = int(rng.integers(3, 30)), int(rng.integers(4, 40)), int(rng.integers(1, 11))
    total, left = boxes * each, boxes * each - given
    question = Bilingual(
        f"{name[0]} brings {boxes} boxes of {each} {goods[0]} to {place[0]} and gives {given} away. How many are left?",
        f"{name[1]}带着{boxes}箱{goods[1]}去{place[1]}，每箱{each}个，送出了{given}个。还剩多少个？",
    )
    steps = f"{boxes} * {each} = {total}; {total} - {given} = {left}"
    reasoning = Bilingual(f"First the total, then what is given away: {steps}.", f"先求总数，再减去送出的：{steps}。")
    return Exchange("sum in words", question, Bilingual(str(left), str(left)), Form.NUMBER, reasoning=reasoning)


def _trace(rng: np.random.Generator) -> Exchange:
    words = _words(rng, int(rng.integers(3, 7)))
    start, step = int(rng.integers(0, 2)), int(rng.integers(1, 3))
    kept = words[start::step]
    code = f"words = {words!r}\nprint('-'.join(words[{start}::{step}]))"
    question = Bilingual(
        f"What does this print?\n```python\n{code}\n```", f"下面的代码输出什么？\n```python\n{code}\n```"
    )
    return Exchange("trace", question, Bilingual("-".join(kept), "-".join(kept)), Form.CODE)


def _long_problem(rng: np.random.Generator) -> Exchange:
    (one, other), (goods, more), place = _two(rng, _NAMES), _two(rng, _GOODS), _pick(rng, _PLACES)
    code, days = "-".join(_words(rng, 3)), int(rng.integers(3, 29))
    a, b, c = int(rng.integers(6, 95)), int(rng.integers(6, 95)), int(rng.integers(2, 9))
    first, second = a * days, b * c
    total = str(first + second)
    question = Bilingual(
        f"In the log called {code}, kept at {place[0]}, {one[0]} writes down {a} {goods[0]} on each of {days} days, "
        f"while {other[0]}, who comes only for the last {c} of them, writes down {b} {more[0]} each time. When the log "
        f"{code} is closed, both kinds are counted together. How many pieces does the closing line of {place[0]} name?",
        f"在{place[1]}保存的名为 {code} 的记录里，{one[1]}在{days}天里每天记下{a}个{goods[1]}，"
        f"而{other[1]}只在最后{c}天来，每次记下{b}个{more[1]}。记录 {code} 结束时，两种物品一起计数。"
        f"{place[1]}记录的最后一行写的是多少件？",
    )
    steps = f"{a} * {days} + {b} * {c} = {first} + {second} = {total}"
    reasoning = Bilingual(f"Both are added up: {steps}.", f"把两者相加：{steps}。")
    return Exchange("long problem", question, Bilingual(total, total), Form.NUMBER, reasoning=reasoning)


def _two(rng: np.random.Generator, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], tuple[str, str]]:
    a, b = rng.choice(len(pairs), 2, replace=False)
    return pairs[a], pairs[b]
