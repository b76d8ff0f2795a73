"""The generated sample: reproducible, in the layout of Tiny ImageNet, all classes different."""

from pathlib import Path

import numpy as np
import pytest

from labcode.data import open_dataset, places
from labcode.data.layout import read_boxes, read_layout
from labcode.data.places import Known
from labcode.data.sample import draw, generate
from labcode.data.shapes import COLOURS, SHAPES, TEXTURES


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    tree: Path, tmp_path: Path
) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    for folder, seed in ((again, 487), (other, 488)):
        folder.mkdir()
        generate(folder, 6, 8, 4, seed=seed)
    assert _contents(again) == _contents(tree)
    assert _contents(other).keys() != _contents(tree).keys()


def test_the_tree_is_sound_and_its_classes_are_named(tree: Path) -> None:
    layout = read_layout(tree)
    assert not layout.problems
    assert (len(layout.files["train"]), len(layout.files["val"])) == (48, 24)
    colour, texture, shape = layout.class_names[0].split()
    assert colour in COLOURS and texture in TEXTURES and shape in SHAPES
    assert len(SHAPES) * len(COLOURS) * len(TEXTURES) == 200
    assert len((tree / "words.txt").read_text().splitlines()) == 200


def test_every_box_lies_in_the_image(tree: Path) -> None:
    boxes = read_boxes(tree / "val" / "val_annotations.txt")
    for path in tree.glob("train/*/*_boxes.txt"):
        boxes |= read_boxes(path)
    assert len(boxes) == 72
    for x0, y0, x1, y1 in boxes.values():
        assert 0 <= x0 < x1 <= 63 and 0 <= y0 < y1 <= 63


def test_no_two_outlines_or_textures_are_the_same() -> None:
    axis = np.linspace(-1, 1, 65, dtype=np.float32)
    u, v = np.meshgrid(axis, axis)
    for fields in (SHAPES, TEXTURES):
        masks = [field(u, v) < 0 for field in fields.values()]
        for i, a in enumerate(masks):
            assert a.any()
            for b in masks[i + 1 :]:
                assert (a != b).mean() > 0.05


def test_drawings_of_a_class_differ() -> None:
    images = draw(np.random.default_rng(0), "star", "red", "plain", count=20)
    assert len({content for content, _ in images}) == 20


def test_the_sample_is_generated_when_asked_for_and_only_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = Known("Generated sample", True, 5, 4, 2)
    monkeypatch.setitem(places.KNOWN, "sample", small)
    dataset = open_dataset()
    assert "generating the data set sample" in capsys.readouterr().err
    assert (dataset.name, dataset.generated, dataset.partial) == ("sample", True, False)
    assert (len(dataset.train), len(dataset.val)) == (20, 10)
    assert open_dataset("sample").digest == dataset.digest
    assert capsys.readouterr().err == ""
