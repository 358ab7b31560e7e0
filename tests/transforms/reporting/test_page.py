from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests.transforms.reporting.synthetic_run import CONFIG, Row, SyntheticRun
from transforms.browsing.found_images import Fetch
from transforms.rejects import Reject
from transforms.reporting.gather import gather
from transforms.reporting.page import render
from transforms.storage import StoragePath

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &#60;i&#62;",
    "line\nbreak\x00\x1b]0;owned\x07",
]


class Elements(HTMLParser):
    """Every element with its attributes, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self) -> Iterator[tuple[str, str, str]]:
        for tag, attributes in self.found:
            for name, value in attributes.items():
                yield tag, name, value or ""


@pytest.mark.slow
@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_from_the_web_stays_text(hostile: str, root: StoragePath, fetch: Fetch) -> None:
    rows = [
        Row("k" + hostile, [0], caption=hostile, lang=hostile, copies=1),
        Row("m", [1], caption=hostile, lang="en", offset=404),
    ]
    run = SyntheticRun(
        concepts=[(hostile, 2, 1, 1), ("tame", 1, 1, 0)],
        rows={("web", "a"): rows},
        rejects={("annotate", "web", "a"): [Reject(hostile, hostile, hostile)]},  # type: ignore[arg-type]
        config={**CONFIG, "sources": [{**CONFIG["sources"][0], "license": hostile}]},
    )
    page = Elements(render(dataclasses.replace(gather(run.write(root), fetch), method=hostile)))
    harmless = SyntheticRun(
        concepts=[("a", 2, 1, 1), ("tame", 1, 1, 0)],
        rows={("web", "a"): [dataclasses.replace(row, key="k", caption="b", lang="en") for row in rows[:1]] + rows[1:]},
        rejects={("annotate", "web", "a"): [Reject("c", "d", "e")]},  # type: ignore[arg-type]
    )
    expected = Elements(render(gather(harmless.write(root.parent / "harmless"), fetch)))
    allowed = {tag for tag, _ in expected.found} | {"small"}  # the language of a concept, when there are several
    assert {tag for tag, _ in page.found} <= allowed
    assert not [name for _, name, _ in page.attributes() if name.startswith("on")]
    assert _spaces(hostile).replace("\x00", "�") in _spaces(page.text).replace("\x00", "�")
    assert any(_spaces(hostile) in _spaces(value) for _, name, value in page.attributes() if name == "alt")


def test_the_page_loads_nothing(small_run: SyntheticRun, root: StoragePath, fetch: Fetch) -> None:
    text = render(gather(small_run.write(root), fetch))
    page = Elements(text)
    assert not {"link", "iframe", "object", "base", "form"} & {tag for tag, _ in page.found}
    assert [attributes for tag, attributes in page.found if tag == "script"] == [
        {"type": "application/json", "id": "concept-data"},
        {},
    ]
    loads = [value for _, name, value in page.attributes() if name in ("src", "href", "xlink:href", "srcset", "data")]
    assert loads and all(value.startswith("data:image/jpeg;base64,") for value in loads)
    assert not re.search(r"@import|url\(", text)
    assert {value for _, _, value in page.attributes() if "://" in value} <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    policy = [attributes for tag, attributes in page.found if attributes.get("http-equiv")]
    [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy[0]["content"] == (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(small_run: SyntheticRun, root: StoragePath, fetch: Fetch) -> None:
    first = render(gather(small_run.write(root), fetch))
    again = render(gather(small_run.write(root.parent / "elsewhere"), fetch))
    assert first == again


def test_figures_stand_on_the_page(small_run: SyntheticRun, root: StoragePath, fetch: Fetch) -> None:
    page = Elements(render(gather(small_run.write(root), fetch)))
    text = _spaces(page.text)
    assert "9 pairs, 4 chosen" in text
    assert "5 → 2" in text and "3 random" in text
    assert "1 more concept of the vocabulary occurs in no image." in text
    assert "missing caption 2" in text and "web / a / bad2" in text
    assert "share of the top 1 % of concepts" in text and "55.6 % 60.0 % 50.0 %" in text
    assert text.count("picture not readable") == 2  # w2 for dog, z1 for cat
    assert "None was selected; these are from the corpus." in text


@pytest.mark.parametrize(
    "run",
    [
        SyntheticRun([], {("web", "a"): [Row("w", [-1], copies=1)]}),
        SyntheticRun([("dog", 0, 0, 0)], {("web", "a"): [Row("w", [-1], copies=1)]}),
        SyntheticRun([("dog", 1, 1, 1)], {}),
        SyntheticRun([("dog", 1, 1, 1)], {("web", "a"): []}),
    ],
    ids=["no concepts", "none found", "no shards", "no rows"],
)
def test_a_run_with_pieces_missing_still_has_a_page(run: SyntheticRun, root: StoragePath) -> None:
    text = Elements(render(gather(run.write(root)))).text
    assert "How to reproduce" in text
    assert "No sample was rejected." in text


def test_a_report_without_pictures_says_so(small_run: SyntheticRun, root: StoragePath) -> None:
    page = Elements(render(gather(small_run.write(root))))
    assert "picture not readable" in page.text
    assert "img" not in {tag for tag, _ in page.found}


def test_every_concept_is_in_the_list(small_run: SyntheticRun, root: StoragePath) -> None:
    page = render(gather(small_run.write(root)))
    assert listed(page) == {
        "names": ["dog", "cat", "rare", "absent"],
        "langs": ["en"] * 4,
        "before": [5, 3, 1, 0],
        "random": [3, 1, 1, 0],
        "after": [2, 2, 0, 0],
    }
    assert "The page lists the" not in page


def test_a_list_too_long_for_a_page_holds_its_ends_and_says_so(
    small_run: SyntheticRun, root: StoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.reporting.gather._CONCEPTS_LISTED", 2)
    page = render(gather(small_run.write(root)))
    assert listed(page)["names"] == ["dog", "rare"]
    assert "The page lists the 1 commonest and as many of the rarest, 2 of 4;" in _spaces(Elements(page).text)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_stay_data_in_the_list(hostile: str, root: StoragePath) -> None:
    run = SyntheticRun([(hostile, 1, 1, 1)], {("web", "a"): [Row("w", [0], copies=1)]})
    page = render(gather(run.write(root)))
    assert listed(page)["names"] == [hostile]
    assert hostile not in page or not set(hostile) & set("<>&")


def listed(page: str) -> dict[str, list[object]]:
    """What the page hands to its script."""
    [data] = re.findall(r'<script type="application/json" id="concept-data">(.*?)</script>', page, re.DOTALL)
    values: dict[str, list[object]] = json.loads(data)
    return values


def _spaces(text: str) -> str:
    return re.sub(r"\s+", " ", text)
