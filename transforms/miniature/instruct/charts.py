"""Charts and tables whose figures are known: facts, and drawing them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PIL import Image

from transforms.miniature.instruct.rows import Bilingual
from transforms.miniature.pictures.pen import INK, RGB, Pen, font, lighter
from transforms.miniature.pictures.scenes import generator

_SIZE = (232, 176)  # pixels
_SERIES: tuple[RGB, ...] = (
    (78, 121, 167), (242, 142, 43), (225, 87, 89), (118, 183, 178), (89, 161, 79), (150, 110, 170),
)  # fmt: skip
_MOST_VALUE = 100


class ChartType(StrEnum):
    BARS = "bars"
    LINE = "line"
    PIE = "pie"
    TABLE = "table"


CHART_NAMES = {
    ChartType.BARS: Bilingual("bar chart", "柱状图"),
    ChartType.LINE: Bilingual("line chart", "折线图"),
    ChartType.PIE: Bilingual("pie chart", "饼图"),
    ChartType.TABLE: Bilingual("table", "表格"),
}
_LABELS = (
    "Mon 星期一,Tue 星期二,Wed 星期三,Thu 星期四,Fri 星期五,Sat 星期六,Sun 星期日",
    "Jan 一月,Feb 二月,Mar 三月,Apr 四月,May 五月,Jun 六月,Jul 七月,Aug 八月",
    "Tea 茶,Coffee 咖啡,Milk 牛奶,Juice 果汁,Water 水,Cocoa 可可",
    "Oak 橡树,Pine 松树,Birch 桦树,Maple 枫树,Willow 柳树,Cedar 雪松",
    "North 北区,South 南区,East 东区,West 西区,Centre 中区",
    "Bus 公交,Tram 电车,Train 火车,Ferry 渡轮,Bike 自行车",
)
_TOPICS = (
    "Sales 销售额,Visitors 访客数,Rainfall 降雨量,Output 产量,Orders 订单数,Energy 能耗,Members 会员数,"
    "Exports 出口量,Stock 库存,Readers 读者数,Repairs 维修数,Traffic 车流量"
)
_UNITS = ("k", "t", "mm", "kWh", "%", "kg")


@dataclass(frozen=True)
class Chart:
    """``values`` are whole and all different, below 100."""

    kind: ChartType
    topic: Bilingual
    unit: str
    labels: tuple[Bilingual, ...]
    values: tuple[int, ...]

    @property
    def title(self) -> str:
        return f"{self.topic.en} ({self.unit})"


def _bilingual(text: str) -> Bilingual:
    english, chinese = text.split(" ")
    return Bilingual(english, chinese)


def chart_of(seed: int, number: int, sibling: int = 0) -> Chart:
    """Chart ``number``; its siblings differ in their values alone."""
    rng = generator(seed, "instruct chart", number)
    kind = list(ChartType)[rng.integers(len(ChartType))]
    topics = _TOPICS.split(",")
    topic = _bilingual(topics[rng.integers(len(topics))])
    unit = _UNITS[rng.integers(len(_UNITS))]
    names = _LABELS[rng.integers(len(_LABELS))].split(",")
    count = int(rng.integers(4, min(6, len(names)), endpoint=True))
    labels = tuple(_bilingual(names[i]) for i in sorted(rng.choice(len(names), count, replace=False)))
    drawn = generator(seed, f"instruct chart values {sibling}", number)
    values = drawn.choice(_MOST_VALUE - 8, count, replace=False) + 8
    return Chart(kind, topic, unit, labels, tuple(int(value) for value in values))


def draw_chart(chart: Chart, seed: int, number: int) -> Image.Image:
    """Labels and figures are printed in the picture."""
    rng = generator(seed, "instruct chart drawing", number)
    shade = int(rng.integers(244, 256))
    canvas = Image.new("RGB", _SIZE, (shade, shade, int(rng.integers(240, 256))))
    pen = Pen(canvas, (0, 0), 1)
    pen.draw.text((_SIZE[0] // 2, 10), chart.title, fill=INK, font=font(13), anchor="mm")
    colours = [_SERIES[i] for i in rng.permutation(len(_SERIES))]
    {ChartType.BARS: _bars, ChartType.LINE: _line, ChartType.PIE: _pie, ChartType.TABLE: _table}[chart.kind](
        pen, chart, colours
    )
    return canvas


def _columns(chart: Chart) -> list[tuple[int, int]]:
    """Centre of each value's column, and the top of its bar."""
    step = (_SIZE[0] - 24) / len(chart.values)
    return [(round(16 + step * (i + 0.5)), 152 - round(value * 1.2)) for i, value in enumerate(chart.values)]


def _axis(pen: Pen, chart: Chart) -> None:
    pen.draw.line([(14, 22), (14, 152), (_SIZE[0] - 6, 152)], fill=INK, width=1)
    for (x, y), label, value in zip(_columns(chart), chart.labels, chart.values, strict=True):
        pen.draw.text((x, 162), label.en, fill=INK, font=font(10), anchor="mm")
        pen.draw.text((x, y - 6), str(value), fill=INK, font=font(10), anchor="mm")


def _bars(pen: Pen, chart: Chart, colours: list[RGB]) -> None:
    for (x, y), colour in zip(_columns(chart), colours, strict=False):
        pen.draw.rectangle([x - 11, y, x + 11, 151], fill=colour)
    _axis(pen, chart)


def _line(pen: Pen, chart: Chart, colours: list[RGB]) -> None:
    places = _columns(chart)
    pen.draw.line(places, fill=colours[0], width=2)
    for x, y in places:
        pen.draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=colours[0])
    _axis(pen, chart)


def _pie(pen: Pen, chart: Chart, colours: list[RGB]) -> None:
    start, total = -90.0, sum(chart.values)
    for i, (label, value, colour) in enumerate(zip(chart.labels, chart.values, colours, strict=False)):
        end = start + 360 * value / total
        pen.draw.pieslice([12, 32, 132, 152], start, end, fill=lighter(colour, 0.15), outline=INK)
        pen.draw.rectangle([146, 38 + 18 * i, 156, 48 + 18 * i], fill=lighter(colour, 0.15))
        pen.draw.text((162, 43 + 18 * i), f"{label.en} {value}", fill=INK, font=font(11), anchor="lm")
        start = end


def _table(pen: Pen, chart: Chart, colours: list[RGB]) -> None:
    pen.draw.rectangle([20, 24, _SIZE[0] - 20, 42], fill=lighter(colours[0], 0.5))
    for i, (label, value) in enumerate(zip(chart.labels, chart.values, strict=True)):
        y = 52 + 19 * i
        pen.draw.text((30, y), label.en, fill=INK, font=font(12), anchor="lm")
        pen.draw.text((_SIZE[0] - 34, y), str(value), fill=INK, font=font(12), anchor="rm")
        pen.draw.line([(20, y + 10), (_SIZE[0] - 20, y + 10)], fill=(206, 210, 216), width=1)
