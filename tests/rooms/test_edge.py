"""An exported file computes what the framework computes, and runs without it."""

import importlib
import io
import json
import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from packaging.requirements import Requirement
from PIL import Image

from labcode import edge
from labcode import quantise as q
from labcode.data.sample import COLOURS, SHAPES, TEXTURES, draw
from labcode.errors import DataError, LabcodeError, QuantisationError
from labcode.profiles import SEED
from labcode.publish import distribution
from labcode.quiet import quiet
from labcode.weights import shipped_weights

WEIGHTS = shipped_weights("sample")
SUFFIX = {"pytorch": ".onnx", "tensorflow": ".tflite"}


@pytest.fixture(scope="module")
def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Two new images of every other class of the sample, uint8 (100, 2, 64, 64, 3), and labels."""
    kinds = list(product(SHAPES, COLOURS, TEXTURES))
    order = np.random.default_rng(SEED).permutation(len(kinds))[:200]
    rng = np.random.default_rng(99)
    images = [
        [np.array(Image.open(io.BytesIO(data)).convert("RGB")) for data, _ in drawn]
        for drawn in (draw(rng, *kinds[kind], count=2) for kind in order[::2])
    ]
    return np.array(images), np.arange(0, 200, 2)


@pytest.fixture(scope="module")
def unseen(pictures):
    return pictures[0][:, 0]


@pytest.fixture(scope="module")
def calibration(pictures):
    return pictures[0][::4, 1]


@pytest.fixture(scope="module")
def export(room):
    """The room's exporter, found as another room's is not."""
    return importlib.import_module(f"{room.__name__}.edge").export_edge


@pytest.fixture(scope="module")
def suffix(room):
    return SUFFIX[room.__name__.rpartition(".")[2]]


@pytest.fixture(scope="module")
def files(export, calibration, tmp_path_factory):
    """Precision -> the exported file of one room."""
    folder = tmp_path_factory.mktemp("edge")
    return {
        precision: export(WEIGHTS, folder / precision, precision=precision, calibration=calibration)
        for precision in edge.PRECISIONS
    }


@pytest.fixture(scope="module")
def reference(room, unseen):
    return room.predict_logits(room.build_model(WEIGHTS), unseen, device="cpu")


@pytest.fixture(scope="module")
def measured(files, unseen, pictures, reference):
    """Precision -> its measurement; the labels are the classes that the images were drawn of."""
    return {
        precision: edge.measure(path, unseen, pictures[1], reference=reference, repeats=5)
        for precision, path in files.items()
    }


def test_in_float32_a_file_computes_what_the_framework_computes(files, unseen, reference):
    logits = edge.load_edge(files["float32"]).run(unseen)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, reference, atol=1e-4, rtol=0)


def test_in_int8_it_is_as_good_within_a_few_points_and_a_quarter_of_the_size(measured):
    plain, rounded = measured["float32"], measured["int8"]
    assert plain.same_class == 1 and plain.largest_difference < 1e-4
    assert plain.top1 > 0.4, "the images are not those that the checkpoint knows"
    # One of 100 images is a point.
    assert abs(rounded.top1 - plain.top1) <= 0.06
    assert abs(rounded.top5 - plain.top5) <= 0.06
    assert 0.85 < rounded.same_class < 1, "rounding to eight bits changes a little, and only that"
    assert plain.bytes / 4 < rounded.bytes < plain.bytes / 3.5


def test_in_int8_it_computes_what_the_books_own_simulation_computes(
    room, files, unseen, calibration, reference
):
    maps = room.activations(room.build_model(WEIGHTS), calibration)
    grids = q.map_grids(q.map_ranges(maps), 8)
    simulated = room.predict_logits(
        room.build_quantised(q.round_weights(WEIGHTS, 8), grids), unseen, device="cpu"
    )
    logits = edge.load_edge(files["int8"]).run(unseen)
    # The file rounds the logits, too: what that moves is a quarter of a step in the middle.
    step = np.diff(np.unique(logits)).min()
    assert np.median(np.abs(logits - simulated)) < 0.265 * step
    assert np.median(np.abs(logits - reference)) > 0.27 * step, "this tells the two not apart"


def test_the_measurement_is_of_the_file_and_fits_into_json(measured, files):
    for precision, found in measured.items():
        again = json.loads(json.dumps(found.asdict()))
        assert again["bytes"] == files[precision].stat().st_size
        assert again["file"] == files[precision].name and str(found.threads) == "1"
        assert len(again["seconds"]) == 5 and min(again["seconds"]) > 0
        assert again["median"] == sorted(again["seconds"])[2]
        assert again["images"] == 100


def test_accuracy_is_that_of_the_labels_given(files, unseen):
    own = edge.load_edge(files["int8"], threads=2).run(unseen[:8]).argmax(axis=1)
    own[2:] = (own[2:] + 100) % 200
    found = edge.measure(files["int8"], unseen[:8], own, threads=2, repeats=1)
    assert found.top1 == 2 / 8 and found.threads == 2
    assert found.largest_difference is None and found.same_class is None
    with pytest.raises(LabcodeError, match="8 images, 7 labels"):
        edge.measure(files["int8"], unseen[:8], own[:7])


def test_images_with_their_axes_exchanged_are_noticed(files, unseen, pictures, reference):
    lying = np.ascontiguousarray(unseen[:20].transpose(0, 2, 1, 3))
    found = edge.measure(
        files["float32"], lying, pictures[1][:20], reference=reference[:20], repeats=1
    )
    assert found.largest_difference > 1 and found.same_class < 1


def test_a_file_with_kernels_of_the_wrong_layout_is_noticed(
    export, unseen, pictures, reference, tmp_path
):
    turned = {
        name: np.ascontiguousarray(array.transpose(1, 0, 2, 3)) if array.ndim == 4 else array
        for name, array in WEIGHTS.items()
    }
    path = export(turned, tmp_path / "turned")
    found = edge.measure(path, unseen[:20], pictures[1][:20], reference=reference[:20], repeats=1)
    assert found.largest_difference > 1 and found.same_class < 1


@pytest.mark.parametrize("precision", edge.PRECISIONS)
def test_running_a_file_needs_no_framework(files, unseen, precision):
    code = (
        "import sys, numpy as np; from labcode import edge; "
        "logits = edge.load_edge(sys.argv[1]).run(np.load(sys.argv[2])); "
        "print({'torch', 'tensorflow', 'keras'} & set(sys.modules)); print(float(logits.sum()))"
    )
    images = files[precision].with_suffix(".npy")
    np.save(images, unseen[:2])
    command = [sys.executable, "-c", code, str(files[precision]), str(images)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    nothing, total = done.stdout.split("\n")[:2]
    assert nothing == "set()"
    expected = edge.load_edge(files[precision]).run(unseen[:2]).sum()
    assert float(total) == pytest.approx(float(expected), abs=1e-3)
    assert done.stderr == "", "a runtime's chatter would stand on the page"


def test_importing_labcode_edge_imports_no_runtime():
    code = (
        "import sys, labcode.edge; print({'torch', 'tensorflow', 'keras', 'onnx', 'onnxruntime', "
        "'ai_edge_litert'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_missing_runtime_is_named_with_the_extra_that_brings_it(files, monkeypatch):
    package = {".onnx": "onnxruntime", ".tflite": "ai-edge-litert"}[files["int8"].suffix]
    for module in ("onnxruntime", "ai_edge_litert", "ai_edge_litert.interpreter"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(LabcodeError, match=rf"{package} is missing.*extra `edge`.*\.\[edge\]"):
        edge.load_edge(files["int8"])


def test_pytorchs_exporter_names_what_it_misses(rooms, tmp_path, monkeypatch):
    exporter = importlib.import_module("labcode.pytorch.edge")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(LabcodeError, match="onnxscript is missing.*extra `edge`"):
        exporter.export_edge(WEIGHTS, tmp_path / "toycnn")
    assert list(tmp_path.iterdir()) == []


def test_images_of_another_shape_or_type_are_refused(files, unseen):
    model = edge.load_edge(files["float32"])
    for wrong in (
        unseen[0],
        unseen.transpose(0, 3, 1, 2),
        unseen[:, :32],
        unseen / np.float32(255),
    ):
        with pytest.raises(DataError):
            model.run(wrong)
    assert model.run(unseen[:0]).shape == (0, 200)


def test_int8_asks_for_images_to_calibrate_with(export, calibration, tmp_path):
    for nothing in (None, calibration[:0]):
        with pytest.raises(QuantisationError, match="calibration="):
            export(WEIGHTS, tmp_path / "toycnn", precision="int8", calibration=nothing)
    with pytest.raises(DataError):
        export(WEIGHTS, tmp_path / "toycnn", precision="int8", calibration=calibration / 255)
    with pytest.raises(QuantisationError, match="int4"):
        export(WEIGHTS, tmp_path / "toycnn", precision="int4", calibration=calibration)
    assert list(tmp_path.iterdir()) == []


def test_the_range_of_a_byte_is_known_whatever_the_calibration_images_hold():
    dull = np.full((2, 64, 64, 3), 90, np.uint8)
    images = edge.calibration_images("int8", dull)
    assert (images.min(), images.max()) == (0, 255) and (images != dull).sum() == 6
    assert (dull == 90).all(), "the caller's images were changed"
    assert np.array_equal(edge.calibration_images("int8", images), images)


def test_the_ending_is_the_formats_own(export, suffix, files, tmp_path):
    assert files["int8"].name == f"int8{suffix}"
    with pytest.raises(LabcodeError, match=rf"writes {suffix} files, not \.h5"):
        export(WEIGHTS, tmp_path / "toycnn.h5")


def test_a_file_that_cannot_be_run_is_refused_in_words(files, tmp_path):
    whole = files["float32"]
    cut = tmp_path / f"cut{whole.suffix}"
    cut.write_bytes(whole.read_bytes()[:1000])
    with pytest.raises(LabcodeError, match="cannot open cut.*export it again"):
        edge.load_edge(cut)
    with pytest.raises(LabcodeError, match="there is no file"):
        edge.load_edge(tmp_path / f"none{whole.suffix}")
    with pytest.raises(LabcodeError, match="ends in .tflite or .onnx"):
        edge.load_edge(tmp_path / "toycnn.pt")
    with pytest.raises(LabcodeError, match="at least one thread"):
        edge.load_edge(whole, threads=0)


def test_an_onnx_file_that_takes_planes_is_refused(tmp_path):
    from onnx import TensorProto, helper

    ends = [
        helper.make_tensor_value_info("planes", TensorProto.FLOAT, (1, 3, 64, 64)),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, (1, 200)),
    ]
    nodes = [
        helper.make_node("Flatten", ["planes"], ["flat"]),
        helper.make_node("Constant", [], ["first"], value_ints=[0]),
        helper.make_node("Constant", [], ["last"], value_ints=[200]),
        helper.make_node("Constant", [], ["axis"], value_ints=[1]),
        helper.make_node("Slice", ["flat", "first", "last", "axis"], ["logits"]),
    ]
    graph = helper.make_graph(nodes, "planes", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    path = tmp_path / "planes.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(LabcodeError, match=r"takes float32 \(1, 3, .* uint8 \(1, 64, 64, 3\)"):
        edge.load_edge(path)


@pytest.mark.parametrize("ends, fault", [("uint8", "stand for"), ("float32", "takes float32")])
def test_a_litert_file_that_takes_no_bytes_is_refused(calibration, tmp_path, ends, fault):
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((1, 64, 64, 3), tf.float32)])
    def classify(images):
        return tf.reshape(images, (1, -1))[:, :200]

    converter = tf.lite.TFLiteConverter.from_concrete_functions([classify.get_concrete_function()])
    if ends == "uint8":
        # Calibrated on 0 to 255 instead of 0 to 1, as it happens to those who forget to divide.
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [image[None].astype(np.float32)]
            for image in edge.calibration_images("int8", calibration)
        )
        converter.inference_input_type = tf.uint8
    path = tmp_path / "other.tflite"
    with quiet():
        path.write_bytes(converter.convert())
    with pytest.raises(LabcodeError, match=f"{fault}.*export_edge"):
        edge.load_edge(path)


def test_a_file_tells_nothing_of_the_machine_that_wrote_it(files):
    for path in files.values():
        content = path.read_bytes()
        for word in ("site-packages", "labcode", os.path.expanduser("~"), str(path.parent)):
            assert word.encode() not in content


def test_what_compiled_code_says_is_shown_when_something_goes_wrong(capfd):
    with quiet():
        os.write(2, b"chatter\n")
    assert capfd.readouterr().err == ""
    with pytest.raises(ValueError), quiet():
        os.write(2, b"the reason\n")
        raise ValueError
    assert "the reason" in capfd.readouterr().err


def test_the_frameworks_extras_are_light_without_it():
    extras = distribution.project()["project"]["optional-dependencies"]
    names = {
        extra: {distribution.normal(Requirement(line).name) for line in lines}
        for extra, lines in extras.items()
    }
    assert names["edge"] == {"ai-edge-litert", "onnx", "onnxruntime", "onnxscript"}
    assert names["edge"] <= distribution.locked().keys()
    for framework in SUFFIX:
        assert not names[framework] & names["edge"]
