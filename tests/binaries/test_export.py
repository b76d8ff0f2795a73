"""What an export holds, that both frameworks write the same, and what it refuses to do."""

import json
import shutil
import struct
from hashlib import sha256

import numpy as np
import pytest

from labcode.binaries import FILES, export_images, export_lab, read, read_weights
from labcode.cli import main
from labcode.errors import DataError, WeightsError
from labcode.reference import forward
from labcode.toycnn import ACTIVATION_ELEMENTS, LAYERS, PARAMETERS
from labcode.weights import shipped_weights
from tests.binaries.plants import biases_over_weights, paths
from tests.small_export import INDICES, make_split


@pytest.fixture(scope="module")
def maps():
    """The maps of the three images by NumPy; only their shapes matter here."""
    inputs = make_split().images[INDICES].astype(np.float32) / 255
    return forward(shipped_weights(), inputs, "float32")


def test_the_files_are_those_that_lab_2_opens(exports):
    names = {f"image_{i}.bin" for i in range(3)}
    names |= {f"image_{i}_data/layer_{k}_output.bin" for i in range(3) for k in range(12)}
    for layer in ("conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "dense1", "dense2"):
        names |= {f"model/{layer}_weights.bin", f"model/{layer}_biases.bin"}
    assert {file.name for file in FILES} == names
    assert paths(exports["pytorch"]) == names | {"manifest.json", "metadata.json"}
    size = sum((exports["pytorch"] / name).stat().st_size for name in names)
    assert size == 4 * (PARAMETERS + 3 * (ACTIVATION_ELEMENTS + 64 * 64 * 3))


def test_images_and_weights_of_both_frameworks_are_the_same_bytes_and_maps_within_1e_5(exports):
    largest = 0.0
    for file in FILES:
        one, other = (exports[key] / file.name for key in ("pytorch", "tensorflow"))
        if "_output" in file.name:
            off = np.abs(read(one, file.shape) - read(other, file.shape)).max()
            largest = max(largest, float(off))
        else:
            assert one.read_bytes() == other.read_bytes(), file.name
    print(f"largest difference of a map between the frameworks: {largest:.2e}")
    assert 0 < largest < 1e-5


def test_struct_finds_a_weight_where_lab_2_looks_for_it(exports):
    kernel = shipped_weights()["conv2_weights"]
    raw = (exports["tensorflow"] / "model/conv2_weights.bin").read_bytes()
    row, column, given, filter_ = 3, 1, 17, 30
    offset = 4 * (((row * 5 + column) * 32 + given) * 32 + filter_)
    assert struct.unpack_from("<f", raw, offset)[0] == kernel[row, column, given, filter_]


def test_the_manifest_describes_every_file_and_who_made_the_maps(exports):
    for key, folder in exports.items():
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["about"] == {"framework": key}
        listed = {entry["name"]: entry for entry in manifest["files"]}
        assert set(listed) == paths(folder) - {"manifest.json"}
        for name, entry in listed.items():
            data = (folder / name).read_bytes()
            assert (entry["bytes"], entry["sha256"]) == (len(data), sha256(data).hexdigest())
        kernel = listed["model/conv1_weights.bin"]
        assert kernel["shape"] == [5, 5, 3, 32] and kernel["layout"] == "HWIO"
        assert (kernel["dtype"], kernel["byte_order"]) == ("float32", "little-endian")
    images = json.loads((folder / "metadata.json").read_text())
    assert [entry["index"] for entry in images] == INDICES
    assert images[0]["source"] == {"file": "val_4.JPEG", "label": 4}


def test_weights_come_back_from_an_export_and_from_its_model_folder(exports):
    for folder in (exports["pytorch"], exports["pytorch"] / "model"):
        for own, right in zip(
            read_weights(folder).values(), shipped_weights().values(), strict=True
        ):
            np.testing.assert_array_equal(own, right)


def test_a_weights_folder_with_faults_names_each_file(export):
    (export / "model/conv3_biases.bin").unlink()
    biases_over_weights(export)
    with pytest.raises(WeightsError) as caught:
        read_weights(export)
    assert "conv3_biases.bin: is missing" in str(caught.value)
    assert "conv2_weights.bin: holds the biases, not the weights" in str(caught.value)
    with pytest.raises(WeightsError, match="there is no folder"):
        read_weights(export / "nothing")


def test_an_older_export_is_replaced_as_a_whole(export, maps):
    before = json.loads((export / "metadata.json").read_text())
    export_lab(export, shipped_weights("sample"), make_split(), [1, 2, 3], maps)
    after = json.loads((export / "metadata.json").read_text())
    assert [entry["index"] for entry in (before[0], after[0])] == [4, 1]
    assert len(paths(export)) == 57
    assert [path.name for path in export.parent.iterdir()] == [export.name]


def test_a_folder_with_the_images_alone_becomes_a_whole_export(tmp_path, maps):
    export_images(tmp_path / "lab2", make_split(), INDICES)
    export_lab(tmp_path / "lab2", shipped_weights(), make_split(), INDICES, maps)
    assert len(paths(tmp_path / "lab2")) == 57


def test_what_file_managers_and_jupyter_leave_does_not_keep_an_export_from_being_replaced(
    export, maps
):
    (export / ".DS_Store").write_bytes(b"x")
    (export / ".ipynb_checkpoints").mkdir()
    (export / ".ipynb_checkpoints" / "metadata-checkpoint.json").write_text("[]")
    export_lab(export, shipped_weights(), make_split(), INDICES, maps)
    assert len(paths(export)) == 57


def test_a_folder_that_is_no_export_is_left_alone(tmp_path, maps, monkeypatch):
    (tmp_path / "thesis.txt").write_text("years of work")
    arguments = shipped_weights(), make_split(), INDICES, maps
    with pytest.raises(DataError, match="holds thesis.txt.*Name another folder"):
        export_lab(tmp_path, *arguments)
    assert paths(tmp_path) == {"thesis.txt"}
    with pytest.raises(DataError, match="is a file"):
        export_lab(tmp_path / "thesis.txt", *arguments)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="that you work in"):
        export_lab(".", *arguments)


def test_a_write_that_fails_leaves_the_older_export_as_it_was(export, maps, monkeypatch):
    before = {name: (export / name).read_bytes() for name in paths(export)}

    def fail(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("labcode.binaries.writing._write", fail)
    with pytest.raises(KeyboardInterrupt):
        export_lab(export, shipped_weights(), make_split(), [0, 1, 2], maps)
    assert {name: (export / name).read_bytes() for name in paths(export)} == before
    assert [path.name for path in export.parent.iterdir()] == [export.name]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda maps: maps.pop("flatten"), "flatten is missing"),
        (lambda maps: maps.update(conv2d=maps["conv2d"].transpose(0, 3, 1, 2)), r"32, 60, 60\)"),
        (lambda maps: maps.update(dense=maps["dense"] * np.inf), "dense holds values"),
    ],
)
def test_maps_that_do_not_fit_are_refused_before_anything_is_written(
    tmp_path, maps, spoil, message
):
    maps = dict(maps)
    with np.errstate(invalid="ignore"):
        spoil(maps)
    with pytest.raises(DataError, match=message):
        export_lab(tmp_path / "lab2", shipped_weights(), make_split(), INDICES, maps)
    assert paths(tmp_path) == set()


def test_indices_that_lab_2_cannot_use_are_refused(tmp_path, maps):
    arguments = tmp_path / "lab2", shipped_weights(), make_split()
    with pytest.raises(DataError, match="3 images, not 2"):
        export_lab(*arguments, [0, 1], maps)
    with pytest.raises(DataError, match=r"images 0 to 4, and no \[5\]"):
        export_lab(*arguments, [0, 1, 5], maps)


def test_the_command_writes_verifies_and_takes_the_weights_of_a_folder(
    exports, tmp_path, monkeypatch, capsys
):
    class Data:
        name, digest, val = "tiny-imagenet", "0" * 64, make_split()

    monkeypatch.setattr("labcode.data.open_dataset", Data)
    folder = tmp_path / "lab2"
    command = ["export", "write", str(folder), "--framework", "pytorch", "--weights"]
    assert main([*command, str(exports["tensorflow"]), "--images", "4", "0", "2"]) == 0
    assert "55 files, no fault" in capsys.readouterr().out
    for file in FILES:
        if "_output" not in file.name:
            ours, theirs = folder / file.name, exports["tensorflow"] / file.name
            assert ours.read_bytes() == theirs.read_bytes()
    shutil.rmtree(folder)
    assert main([*command, str(exports["pytorch"]), "--images", "0", "1", "9"]) == 1
    assert "images 0 to 4, and no [9]" in capsys.readouterr().err


def test_every_layer_has_a_map_in_the_order_that_lab_2_counts():
    names = [file.name for file in FILES if file.name.startswith("image_1_data")]
    assert names == [f"image_1_data/layer_{layer.index}_output.bin" for layer in LAYERS]
