from __future__ import annotations

from tests.transforms.reporting.synthetic_run import Row, SyntheticRun
from transforms.browsing.found_images import FoundImage, Place, find_of_concepts, read_thumbnails
from transforms.browsing.shards import list_annotated
from transforms.errors import InputError
from transforms.run_folder import RunState
from transforms.storage import StoragePath


def keys(images: list[FoundImage]) -> list[str]:
    return [image.key for image in images]


def test_those_of_a_concept_kept_and_dropped(state: RunState) -> None:
    found = find_of_concepts(state.folder, list_annotated(state.folder), [0, 1, 3], 8, 0.0, dropped_too=True)
    assert (keys(found[0].selected), keys(found[0].dropped)) == (["b"], ["a", "d"])
    assert (sorted(keys(found[1].selected)), found[1].dropped) == (["b", "z"], [])
    assert (found[3].selected, found[3].dropped) == ([], [])
    image = found[0].selected[0]
    assert (image.caption, image.selected, image.thumbnail) == ("a dog and a cat", True, None)


def test_no_more_than_asked_for_the_best_first(root: StoragePath) -> None:
    """Concept 7 stands first on the second and third row; one shard is enough."""
    rows = [Row("weak", [3, 7], copies=1), Row("strong", [7], copies=1), Row("next", [7], copies=1)]
    run = SyntheticRun([], {("web", "a"): rows, ("web", "b"): rows})
    folder = run.write(root).folder
    for many, expected in ((2, ["strong", "next"]), (3, ["strong", "next", "weak"])):
        found = find_of_concepts(folder, list_annotated(folder), [7], many, 0.0)
        assert keys(found[7].selected) == expected
        assert {image.shard for image in found[7].selected} == {list_annotated(folder)[0].shard}


def test_a_picture_of_several_is_read_once() -> None:
    asked = []

    def fetch(*place: object) -> bytes:
        asked.append(place)
        raise InputError("gone")

    place = Place("s", "t", 1, 2)
    images = [FoundImage("s", "t", key, "", True, where) for key, where in (("a", place), ("b", place), ("c", None))]
    assert read_thumbnails(images, fetch) == images
    assert asked == [("s", "t", 1, 2)]
