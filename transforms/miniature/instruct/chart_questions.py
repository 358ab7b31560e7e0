"""What can be asked about a chart, with its answers in both languages."""

from __future__ import annotations

import numpy as np

from transforms.miniature.instruct.charts import CHART_NAMES, Chart
from transforms.miniature.instruct.rows import Bilingual, Exchange, Form


def chart_exchanges(chart: Chart, rng: np.random.Generator) -> list[Exchange]:
    """One of each kind, in an order of their own."""
    one, other = (int(i) for i in rng.choice(len(chart.labels), 2, replace=False))
    makers = [_value(chart, one), _difference(chart, one, other), _sum(chart), _more(chart, one, other)]
    makers += [_highest(chart, rng), _lowest(chart), _kind(chart), _data(chart), _ranking(chart)]
    return [makers[i] for i in rng.permutation(len(makers))]


def _amount(chart: Chart, value: int) -> Bilingual:
    text = f"{value}%" if chart.unit == "%" else f"{value} {chart.unit}"
    return Bilingual(text, text)


def _value(chart: Chart, one: int) -> Exchange:
    label, topic = chart.labels[one], chart.topic
    question = Bilingual(f"What is the value of {topic.en.lower()} for {label.en}?", f"{label.zh}的{topic.zh}是多少？")
    return Exchange("value", question, _amount(chart, chart.values[one]), Form.NUMBER)


def _difference(chart: Chart, one: int, other: int) -> Exchange:
    a, b = sorted((one, other), key=lambda i: -chart.values[i])
    gap = chart.values[a] - chart.values[b]
    question = Bilingual(
        f"By how much does {chart.labels[a].en} exceed {chart.labels[b].en} in {chart.topic.en.lower()}?",
        f"{chart.labels[a].zh}的{chart.topic.zh}比{chart.labels[b].zh}多多少？",
    )
    steps = f"{chart.values[a]} - {chart.values[b]} = {gap}"
    reasoning = Bilingual(
        f"{chart.labels[a].en} stands at {chart.values[a]} and {chart.labels[b].en} at {chart.values[b]}. {steps}.",
        f"{chart.labels[a].zh}为{chart.values[a]}，{chart.labels[b].zh}为{chart.values[b]}。{steps}。",
    )
    return Exchange("difference", question, _amount(chart, gap), Form.NUMBER, reasoning=reasoning)


def _sum(chart: Chart) -> Exchange:
    total = sum(chart.values)
    question = Bilingual(
        f"What do all values of {chart.topic.en.lower()} add up to?", f"{chart.topic.zh}的所有数值加起来是多少？"
    )
    steps = " + ".join(map(str, chart.values)) + f" = {total}"
    reasoning = Bilingual(f"I read the values and add them: {steps}.", f"读出各个数值并相加：{steps}。")
    return Exchange("sum", question, _amount(chart, total), Form.NUMBER, reasoning=reasoning)


def _more(chart: Chart, one: int, other: int) -> Exchange:
    yes = chart.values[one] > chart.values[other]
    question = Bilingual(
        f"Is {chart.labels[one].en} higher than {chart.labels[other].en}?",
        f"{chart.labels[one].zh}比{chart.labels[other].zh}高吗？",
    )
    return Exchange("more", question, Bilingual("Yes" if yes else "No", "是" if yes else "否"), Form.YES_NO)


def _highest(chart: Chart, rng: np.random.Generator) -> Exchange:
    best = int(np.argmax(chart.values))
    order = [int(i) for i in rng.permutation(len(chart.labels))][:4]
    if best not in order:
        order[0] = best
    question = Bilingual(f"Which has the highest {chart.topic.en.lower()}?", f"哪一项的{chart.topic.zh}最高？")
    choices = tuple(chart.labels[i] for i in order)
    return Exchange("highest", question, chart.labels[best], Form.LETTER, choices, order.index(best))


def _lowest(chart: Chart) -> Exchange:
    least = chart.labels[int(np.argmin(chart.values))]
    question = Bilingual(f"Where is {chart.topic.en.lower()} lowest?", f"{chart.topic.zh}最低的是哪一项？")
    return Exchange("lowest", question, least, Form.OPTION)


def _kind(chart: Chart) -> Exchange:
    question = Bilingual("What type of chart is this?", "这是什么类型的图表？")
    return Exchange("type", question, CHART_NAMES[chart.kind], Form.OPTION)


def _data(chart: Chart) -> Exchange:
    rows = list(zip(chart.labels, chart.values, strict=True))
    english = "\n".join(f"| {label.en} | {value} |" for label, value in rows)
    chinese = "\n".join(f"| {label.zh} | {value} |" for label, value in rows)
    question = Bilingual("Turn the figure into a Markdown table.", "把图中的数据整理成 Markdown 表格。")
    answer = Bilingual(
        f"| {chart.topic.en} | {chart.unit} |\n| --- | --- |\n{english}",
        f"| {chart.topic.zh} | {chart.unit} |\n| --- | --- |\n{chinese}",
    )
    return Exchange("data", question, answer, Form.FREE)


def _ranking(chart: Chart) -> Exchange:
    order = sorted(range(len(chart.labels)), key=lambda i: -chart.values[i])
    question = Bilingual(
        f"List the entries by {chart.topic.en.lower()}, highest first.", f"按{chart.topic.zh}从高到低列出各项。"
    )
    answer = Bilingual(", ".join(chart.labels[i].en for i in order), "、".join(chart.labels[i].zh for i in order))
    return Exchange("ranking", question, answer, Form.LIST)
