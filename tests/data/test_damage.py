"""Each damage is planted in a sound tree, and must be named by `open_dataset` and by `verify`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labcode.data import open_dataset
from labcode.data.verify import verify
from labcode.errors import DataError


def _wnid(folder: Path, place: int = 2) -> str:
    return (folder / "wnids.txt").read_text().split()[place]


def _first_image(folder: Path) -> Path:
    wnid = _wnid(folder)
    return folder / "train" / wnid / "images" / f"{wnid}_0.JPEG"


def _edit_annotations(folder: Path, edit: Callable[[list[str]], list[str]]) -> None:
    path = folder / "val" / "val_annotations.txt"
    path.write_text("".join(edit(path.read_text().splitlines(keepends=True))))


def missing_class(folder: Path) -> str:
    shutil.rmtree(folder / "train" / _wnid(folder))
    return rf"class folders missing from train/ \(1\): {_wnid(folder)}"


def short_class(folder: Path) -> str:
    _first_image(folder).unlink()
    return rf"classes of train short \(1\): {_wnid(folder)} has 7 of 8"


def long_class(folder: Path) -> str:
    first = _first_image(folder)
    shutil.copy(first, first.with_name(f"{_wnid(folder)}_99.JPEG"))
    return rf"with more images than the others \(1\): {_wnid(folder)} has 9 of 8"


def unknown_class(folder: Path) -> str:
    shutil.copytree(folder / "train" / _wnid(folder), folder / "train" / "n12345678")
    return r"folders in train/ that wnids.txt does not name \(1\): n12345678"


def misplaced_image(folder: Path) -> str:
    _first_image(folder).rename(folder / "train" / _wnid(folder) / "images" / "n12345678_0.JPEG")
    return r"images named for another class than their folder's \(1\)"


def truncated_image(folder: Path) -> str:
    path = _first_image(folder)
    path.write_bytes(path.read_bytes()[:400])
    return rf"images that cannot be decoded \(1\): train/{_wnid(folder)}/images/{path.name}"


def empty_image(folder: Path) -> str:
    _first_image(folder).write_bytes(b"")
    return r"images that cannot be decoded \(1\): .*_0.JPEG \(empty\)"


def not_a_jpeg(folder: Path) -> str:
    Image.new("RGB", (64, 64)).save(_first_image(folder), "PNG")
    return r"images that cannot be decoded \(1\)"


def wrong_size(folder: Path) -> str:
    Image.new("RGB", (63, 64)).save(_first_image(folder))
    return r"images of another size than 64×64 \(1\): .*_0.JPEG is 63×64"


def annotated_without_file(folder: Path) -> str:
    (folder / "val" / "images" / "val_5.JPEG").unlink()
    return r"annotated validation images without a file \(1\): val_5.JPEG"


def file_without_annotation(folder: Path) -> str:
    _edit_annotations(folder, lambda lines: lines[:-2])
    return r"validation images without annotation \(2\): val/images/val_22.JPEG"


def unknown_annotation(folder: Path) -> str:
    _edit_annotations(folder, lambda lines: ["val_0.JPEG\tn12345678\t0\t0\t9\t9\n", *lines[1:]])
    return r"a class that wnids.txt lacks \(1\): line 1: val_0.JPEG is 'n12345678'"


def annotated_twice(folder: Path) -> str:
    _edit_annotations(folder, lambda lines: [*lines, lines[0]])
    return r"annotated twice \(1\): line 25: val_0.JPEG"


def unreadable_annotation(folder: Path) -> str:
    _edit_annotations(folder, lambda lines: ["val_0.JPEG\n", *lines[1:]])
    return r"unreadable lines in val/val_annotations.txt \(1\): line 1"


def short_validation_class(folder: Path) -> str:
    (folder / "val" / "images" / "val_23.JPEG").unlink()
    _edit_annotations(folder, lambda lines: lines[:-1])
    return r"classes of val short \(1\): n\d+ has 3 of 4"


def no_annotations(folder: Path) -> str:
    (folder / "val" / "val_annotations.txt").unlink()
    return r"missing from the folder \(1\): val/val_annotations.txt"


def no_wnids(folder: Path) -> str:
    (folder / "wnids.txt").unlink()
    return r"missing from the folder \(1\): wnids.txt"


def empty_wnids(folder: Path) -> str:
    (folder / "wnids.txt").write_text("")
    return "wnids.txt names no class"


def repeated_wnid(folder: Path) -> str:
    wnids = folder / "wnids.txt"
    wnids.write_text(wnids.read_text() + _wnid(folder) + "\n")
    return rf"classes named twice in wnids.txt \(1\): {_wnid(folder)}"


def nameless_class(folder: Path) -> str:
    words = folder / "words.txt"
    words.write_text("".join(w for w in words.open() if not w.startswith(_wnid(folder))))
    return rf"classes without a name in words.txt \(1\): {_wnid(folder)}"


DAMAGES = [
    missing_class,
    short_class,
    long_class,
    unknown_class,
    misplaced_image,
    truncated_image,
    empty_image,
    not_a_jpeg,
    wrong_size,
    annotated_without_file,
    file_without_annotation,
    unknown_annotation,
    annotated_twice,
    unreadable_annotation,
    short_validation_class,
    no_annotations,
    no_wnids,
    empty_wnids,
    repeated_wnid,
    nameless_class,
]


@pytest.mark.parametrize("plant", DAMAGES, ids=lambda plant: plant.__name__)
def test_a_planted_damage_is_named_and_no_arrays_are_left(
    installed: Path, plant: Callable[[Path], str]
) -> None:
    expected = plant(installed)
    with pytest.raises(DataError, match=expected) as caught:
        open_dataset()
    assert "labcode data remove tiny-imagenet, then labcode data add" in str(caught.value)
    assert [p.name for p in installed.parent.iterdir() if p.is_dir()] == ["tiny-imagenet"]
    with pytest.raises(AssertionError, match=expected):
        assert not verify("tiny-imagenet").problems, str(verify("tiny-imagenet"))


def test_many_damages_are_counted_and_ten_of_them_shown(installed: Path) -> None:
    for path in (installed / "val" / "images").iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(DataError, match=r"cannot be decoded \(24\)") as caught:
        open_dataset()
    assert str(caught.value).count("val/images/") == 10
    assert ", ..." in str(caught.value)


def test_hidden_files_left_by_file_managers_are_no_damage(installed: Path) -> None:
    first = _first_image(installed)
    first.with_name(f"._{first.name}").write_bytes(b"resource fork")
    (installed / "train" / ".DS_Store").write_bytes(b"")
    (installed / "train" / ".thumbnails").mkdir()
    assert len(open_dataset().train) == 48


def test_a_sound_set_verifies_with_its_counts(installed: Path) -> None:
    open_dataset()
    report = verify("tiny-imagenet")
    assert not report.problems and report.partial
    assert "sound, partial" in str(report) and "48 of 100,000 train images" in str(report)


def test_a_flipped_byte_in_the_arrays_is_found_by_verify(installed: Path) -> None:
    open_dataset()
    array = installed.parent / "tiny-imagenet.arrays" / "train_images.npy"
    values = np.load(array, mmap_mode="r+")
    values[10, 5, 5, 1] ^= 1
    values.flush()
    found = "\n".join(map(str, verify("tiny-imagenet").problems))
    assert "checksum differs" in found and "train_images.npy" in found
    assert "images that differ from the decoded arrays (1)" in found


def test_an_image_changed_after_the_decoding_is_found_by_verify(installed: Path) -> None:
    file = open_dataset().train.files[4]
    Image.new("RGB", (64, 64)).save(installed / file)
    [problem] = verify("tiny-imagenet").problems
    assert str(problem) == f"images that differ from the decoded arrays (1): {file}"


@pytest.mark.parametrize("cut", [1000, 0], ids=["truncated", "empty"])
def test_a_cut_array_is_refused_at_open(installed: Path, cut: int) -> None:
    open_dataset()
    array = installed.parent / "tiny-imagenet.arrays" / "val_images.npy"
    array.write_bytes(array.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"val_images.npy is damaged.*Delete the folder"):
        open_dataset()
    assert "checksum differs" in str(verify("tiny-imagenet").problems[0])


def test_a_lost_manifest_makes_the_images_be_decoded_again(installed: Path) -> None:
    digest = open_dataset().digest
    (installed.parent / "tiny-imagenet.arrays" / "manifest.json").write_text('{"format": 1')
    assert open_dataset().digest == digest
