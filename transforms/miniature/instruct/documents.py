"""Receipts and notices whose words are known: facts, drawing them, and what can be asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from transforms.miniature.instruct.rows import Bilingual, Exchange, Form
from transforms.miniature.pictures.pen import INK, font
from transforms.miniature.pictures.scenes import generator

_WIDTH, _LINE = 190, 17  # pixels
_SHOPS = "Green Basket,Corner Mill,Harbour Stores,Old Oak Market,Lemon & Co,Daily Crumb,Blue Kettle,Field & Barn"
_STREETS = "Mill Lane,Station Road,Elm Street,Quay Side,High Street,Park Row,Bridge Way,Orchard Close"
_ITEMS = (
    "Bread,Butter,Apples,Pears,Rice,Honey,Soap,Candles,Pencils,Paper,Cheese,Olives,Flour,Salt,Plums,Jam,Oats,Thread,"
    "Buttons,String"
)


@dataclass(frozen=True)
class Receipt:
    """``pence`` of each item; ``day`` as ISO 8601."""

    shop: str
    street: str
    number: int
    day: str
    items: tuple[str, ...]
    pence: tuple[int, ...]

    @property
    def total(self) -> str:
        return _money(sum(self.pence))

    @property
    def lines(self) -> list[str]:
        """Every line of the paper, in order."""
        middle = [f"{item} {_money(pence)}" for item, pence in zip(self.items, self.pence, strict=True)]
        return [self.shop, self.street, f"No. {self.number}", self.day, *middle, f"TOTAL {self.total}"]


def _money(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02d}"


def receipt_of(seed: int, number: int, sibling: int = 0) -> Receipt:
    """Receipt ``number``; its siblings come from the same shop and differ in number, date and prices."""
    rng = generator(seed, "instruct receipt", number)
    shops, streets, names = _SHOPS.split(","), _STREETS.split(","), _ITEMS.split(",")
    shop, street = shops[rng.integers(len(shops))], f"{rng.integers(1, 99)} {streets[rng.integers(len(streets))]}"
    items = tuple(names[i] for i in rng.choice(len(names), int(rng.integers(2, 6)), replace=False))
    own = generator(seed, f"instruct receipt figures {sibling}", number)
    day = f"{own.integers(2019, 2026)}-{own.integers(1, 13):02d}-{own.integers(1, 29):02d}"
    pence = tuple(int(p) for p in own.choice(1900, len(items), replace=False) + 50)
    return Receipt(shop, street, int(own.integers(1000, 9999)), day, items, pence)


def draw_receipt(receipt: Receipt, seed: int, number: int) -> Image.Image:
    rng = generator(seed, "instruct receipt drawing", number)
    shade = int(rng.integers(236, 254))
    canvas = Image.new("RGB", (_WIDTH, _LINE * len(receipt.lines) + 16), (shade, shade, shade - 6))
    draw = ImageDraw.Draw(canvas)
    for i, line in enumerate(receipt.lines):
        y, is_item = 10 + _LINE * i, i >= 4
        if is_item:
            name, _, price = line.rpartition(" ")
            draw.text((12, y), name, fill=INK, font=font(12), anchor="lm")
            draw.text((_WIDTH - 12, y), price, fill=INK, font=font(12), anchor="rm")
        else:
            draw.text((_WIDTH // 2, y), line, fill=INK, font=font(14 if i == 0 else 11), anchor="mm")
    y = 10 + _LINE * (len(receipt.lines) - 1) - _LINE // 2
    draw.line([(10, y), (_WIDTH - 10, y)], fill=INK, width=1)
    return canvas


def receipt_exchanges(receipt: Receipt, rng: np.random.Generator) -> list[Exchange]:
    """One of each kind, in an order of their own."""
    one = int(rng.integers(len(receipt.items)))
    item, price = receipt.items[one], _money(receipt.pence[one])
    text = "\n".join(receipt.lines)

    def exchange(kind: str, english: str, chinese: str, answer: str, form: Form = Form.FREE) -> Exchange:
        return Exchange(kind, Bilingual(english, chinese), Bilingual(answer, answer), form)

    found = [
        exchange("read", "Transcribe all the text in the image.", "请把图中的文字全部抄录下来。", text),
        exchange("total", "What is the total on this receipt?", "这张小票的总额是多少？", receipt.total, Form.NUMBER),
        exchange("date", "What is the date printed on the receipt?", "小票上的日期是哪一天？", receipt.day),
        exchange("shop", "What is the name of the shop?", "商店的名称是什么？", receipt.shop),
        exchange("street", "What is the address of the shop?", "商店的地址是什么？", receipt.street),
        exchange("price", f"How much does {item} cost?", f"{item} 的价格是多少？", price, Form.NUMBER),
        exchange(
            "serial", "What is the number of this receipt?", "这张小票的编号是多少？", str(receipt.number), Form.NUMBER
        ),
        exchange("items", "List the items bought.", "列出购买的商品。", ", ".join(receipt.items), Form.LIST),
    ]
    return [found[i] for i in rng.permutation(len(found))]
