"""What `open_dataset` returns, compared with a plain Pillow loop over the same files."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labcode.data import open_dataset
from labcode.errors import DataError


def test_arrays_equal_a_plain_pillow_loop_over_the_listed_files(installed: Path) -> None:
    dataset = open_dataset()
    for split in (dataset.train, dataset.val):
        plain = [np.asarray(Image.open(installed / f).convert("RGB")) for f in split.files]
        np.testing.assert_array_equal(split.images, np.stack(plain))
        assert split.images.dtype == np.uint8 and split.labels.dtype == np.int64


def test_labels_follow_the_lines_of_wnids_and_not_their_sorted_order(installed: Path) -> None:
    lines = (installed / "wnids.txt").read_text().split()
    dataset = open_dataset()
    assert lines != sorted(lines) and list(dataset.wnids) == lines
    for file, label in zip(dataset.train.files, dataset.train.labels, strict=True):
        assert file.split("/")[1] == lines[label]
    rows = [r.split("\t") for r in (installed / "val/val_annotations.txt").read_text().splitlines()]
    truth = {row[0]: row[1] for row in rows}
    for file, label in zip(dataset.val.files, dataset.val.labels, strict=True):
        assert truth[Path(file).name] == lines[label]


def test_files_run_in_numeric_order(home: Path, tmp_path: Path) -> None:
    from labcode.data.sample import generate

    (home / "tiny-imagenet").mkdir()
    generate(home / "tiny-imagenet", classes=2, train=12, val=6)
    dataset = open_dataset()
    numbers = [int(f.rpartition("_")[2].removesuffix(".JPEG")) for f in dataset.train.files]
    assert numbers == list(range(12)) * 2
    assert [int(Path(f).stem[4:]) for f in dataset.val.files] == list(range(12))


def test_grey_files_become_rgb_and_are_counted(installed: Path) -> None:
    before = [p for p in installed.rglob("*.JPEG") if Image.open(p).mode == "L"]
    for file in sorted((installed / "train").rglob("*.JPEG"))[:3]:
        Image.open(file).convert("L").save(file)
    grey = {p for p in (installed / "train").rglob("*.JPEG") if Image.open(p).mode == "L"}
    dataset = open_dataset()
    assert len(grey) >= 3
    assert {installed / dataset.train.files[i] for i in dataset.grey["train"]} == grey
    assert dataset.describe()["grey_val"] == sum("val" in p.parts for p in before)
    i = dataset.grey["train"][0]
    assert dataset.train.metadata(i)["mode"] == "L"
    assert (dataset.train.images[i].std(axis=-1) == 0).all()


def test_identical_files_are_reported_across_splits(installed: Path) -> None:
    source = open_dataset().train.files[5]
    shutil.copy(installed / source, installed / "val/images/val_3.JPEG")
    shutil.rmtree(installed.parent / "tiny-imagenet.arrays")
    dataset = open_dataset()
    assert dataset.duplicates == ((("train", 5), ("val", 3)),)
    facts = dataset.describe()
    assert (facts["duplicate_pairs"], facts["duplicates_across_splits"]) == (1, 1)


def test_the_layout_that_the_tinyimagenet_package_leaves_behind_reads_the_same(
    installed: Path,
) -> None:
    official = open_dataset()
    digest, files = official.digest, official.val.files
    val = installed / "val"
    rows = [r.split("\t") for r in (val / "val_annotations.txt").read_text().splitlines()]
    for done, row in enumerate(rows):
        (val / row[1] / "images").mkdir(parents=True, exist_ok=True)
        shutil.move(val / "images" / row[0], val / row[1] / "images" / row[0])
        # Half moved, as after a killed run of the package; and wholly moved.
        if done in (len(rows) // 2, len(rows) - 1):
            shutil.rmtree(installed.parent / "tiny-imagenet.arrays")
            assert open_dataset().digest == digest
    (val / "images").rmdir()
    shutil.rmtree(installed.parent / "tiny-imagenet.arrays")
    moved = open_dataset()
    assert moved.digest == digest
    assert [Path(f).name for f in moved.val.files] == [Path(f).name for f in files]
    assert not (val / "images").exists()


def test_the_second_open_reads_no_image_and_is_far_faster(installed: Path) -> None:
    start = time.perf_counter()
    first = open_dataset()
    between = time.perf_counter()
    again = open_dataset()
    # 72 images take 30 ms or so; the full set takes 20 s and its second open still a millisecond.
    assert time.perf_counter() - between < (between - start) / 2
    assert again.digest == first.digest
    assert isinstance(again.train.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        again.train.images[0, 0, 0, 0] = 1


def test_replaced_images_are_decoded_again(installed: Path, tree: Path) -> None:
    before = open_dataset().digest
    shutil.rmtree(installed)
    shutil.copytree(tree, installed)
    for folder in (installed / "train").iterdir():
        shutil.copy(
            folder / f"images/{folder.name}_0.JPEG", folder / f"images/{folder.name}_1.JPEG"
        )
    (installed / "wnids.txt").touch()
    assert open_dataset().digest != before


def test_metadata_tells_the_file_its_class_and_its_box(installed: Path) -> None:
    dataset = open_dataset()
    for split, annotations in (("train", None), ("val", "val/val_annotations.txt")):
        facts = getattr(dataset, split).metadata(3)
        path = installed / facts["file"]
        rows = (
            (
                installed / annotations
                if annotations
                else path.parent.parent / f"{facts['wnid']}_boxes.txt"
            )
            .read_text()
            .splitlines()
        )
        [row] = [r.split("\t") for r in rows if r.startswith(path.name + "\t")]
        assert facts["box"] == tuple(int(v) for v in row[-4:])
        assert facts["file_bytes"] == path.stat().st_size
        assert (facts["width"], facts["height"]) == (64, 64)
        assert facts["class_name"] == dataset.class_names[facts["label"]]
        assert facts["wnid"] == dataset.wnids[facts["label"]]


def test_a_subset_is_the_first_classes_with_a_digest_of_its_own(installed: Path) -> None:
    whole = open_dataset()
    part = whole.subset(classes=3, per_class=5)
    assert part.name == "tiny-imagenet[3x5]" and part.digest != whole.digest
    assert part.wnids == whole.wnids[:3]
    assert np.bincount(part.train.labels).tolist() == [5, 5, 5]
    assert np.bincount(part.val.labels).tolist() == [4, 4, 4]
    for split in (part.train, part.val):
        plain = [np.asarray(Image.open(installed / f).convert("RGB")) for f in split.files]
        np.testing.assert_array_equal(split.images, np.stack(plain))
    grey = [Image.open(installed / f).mode == "L" for f in part.val.files]
    assert part.grey["val"] == tuple(np.flatnonzero(grey))
    assert part.train.metadata(7)["wnid"] == part.wnids[1]
    fewer = whole.subset(classes=3, per_class=5, val_per_class=2)
    assert fewer.name == "tiny-imagenet[3x5+2]" and fewer.digest != part.digest
    assert len(fewer.train) == 15 and np.bincount(fewer.val.labels).tolist() == [2, 2, 2]
    chosen = [name for name in part.val.files if name in set(fewer.val.files)]
    assert list(fewer.val.files) == chosen  # in the order of the whole
    with pytest.raises(DataError, match="has 6 classes"):
        whole.subset(classes=7)
    with pytest.raises(DataError, match="5 training and 0 validation images"):
        whole.subset(classes=3, per_class=5, val_per_class=0)


def test_a_smaller_even_set_is_partial_and_described_as_such(installed: Path) -> None:
    dataset = open_dataset()
    facts = json.loads(json.dumps(dataset.describe()))
    assert dataset.partial and facts["partial"]
    assert (facts["train_images"], facts["expected_train_images"]) == (48, 100_000)
    assert (facts["title"], facts["generated"]) == ("Tiny ImageNet", False)


def test_an_unknown_name_and_an_absent_set_say_what_to_do(home: Path) -> None:
    with pytest.raises(DataError, match="known are: tiny-imagenet, sample"):
        open_dataset("imagenet")
    with pytest.raises(DataError, match="labcode data add tiny-imagenet"):
        open_dataset("tiny-imagenet")


def test_processes_that_open_at_once_decode_once(installed: Path) -> None:
    code = "from labcode.data import open_dataset; print(open_dataset().digest)"
    command = [sys.executable, "-c", code]
    jobs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    outputs = [job.communicate(timeout=60) for job in jobs]
    assert [job.returncode for job in jobs] == [0] * 4, outputs
    assert len({out for out, _ in outputs}) == 1
    assert sum(err.count("decoding tiny-imagenet") for _, err in outputs) == 1


def test_opening_imports_no_framework_and_no_decoder(installed: Path) -> None:
    open_dataset()
    code = (
        "import sys; from labcode.data import open_dataset; open_dataset();"
        "print([m for m in ('torch','tensorflow','PIL','filelock','tqdm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
