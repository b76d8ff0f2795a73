"""Ways to spoil an export, each with the faults that must be named, and no others.

``PLANTS`` maps a name to a function of the folder and the expected (files, words) pairs, files
written as a shell would with braces.
"""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from labcode.binaries import FILES, read
from labcode.toycnn import LAYERS, WEIGHTED

SHAPES = {file.name: file.shape for file in FILES}
CONVS = [f"model/{one.weights}_weights.bin" for one in WEIGHTED if one.kind == "conv"]
SPATIAL = [one.index for one in LAYERS if len(one.output_shape) == 3]


def load(folder, name):
    return read(folder / name, SHAPES[name])


def store(folder, name, array, dtype="<f4"):
    (folder / name).write_bytes(np.ascontiguousarray(array).astype(dtype).tobytes())


def change(function, *names):
    """A plant that stores ``function(array)`` for each of ``names``."""

    def plant(folder):
        for name in names:
            store(folder, name, function(load(folder, name)))

    return plant


def seal(folder):
    """Write the manifest's checksums along with the damage, as a careless export would."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    kept = []
    for entry in manifest["files"]:
        if (folder / entry["name"]).exists():
            data = (folder / entry["name"]).read_bytes()
            kept.append(entry | {"bytes": len(data), "sha256": sha256(data).hexdigest()})
        else:
            kept.append(entry)
    path.write_text(json.dumps(manifest | {"files": kept}))


def chw(array):
    return array.transpose(2, 0, 1)


def oihw(array):
    return array.transpose(3, 2, 0, 1)


def flat_chw(rows):
    """Values or rows of a flattened 4 x 4 x 128 map in the order that PyTorch flattens."""
    return rows.reshape(4, 4, 128, -1).transpose(2, 0, 1, 3).reshape(rows.shape)


def big_endian(*names):
    def plant(folder):
        for name in names:
            store(folder, name, load(folder, name), ">f4")

    return plant


def maps(layers, images=(0, 1, 2)):
    return [f"image_{i}_data/layer_{k}_output.bin" for i in images for k in layers]


def as_uint8(folder):
    for i in range(3):
        store(folder, f"image_{i}.bin", np.round(load(folder, f"image_{i}.bin") * 255), np.uint8)


def truncate(folder):
    for name in ("model/conv4_weights.bin", "image_1_data/layer_3_output.bin"):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 3])


def biases_over_weights(folder):
    for name in ("conv2", "dense1"):
        shutil.copy(folder / f"model/{name}_biases.bin", folder / f"model/{name}_weights.bin")


def logits(folder):
    for i in range(3):
        hidden = load(folder, f"image_{i}_data/layer_10_output.bin")
        kernel = load(folder, "model/dense2_weights.bin")
        store(
            folder,
            f"image_{i}_data/layer_11_output.bin",
            hidden @ kernel + load(folder, "model/dense2_biases.bin"),
        )


def coarse(values, cut):
    """Eleven significant bits, by way of the exponent: nothing in common with labcode's bits."""
    fraction, exponent = np.frexp(values)
    steps = fraction * 2.0**11
    return np.ldexp((np.trunc if cut else np.rint)(steps) / 2.0**11, exponent).astype(np.float32)


def tensorfloat32(cut):
    """All maps of image 1 by PyTorch, its convolutions' factors shortened to TensorFloat-32."""

    def plant(folder):
        current = torch.tensor(chw(load(folder, "image_1.bin"))[None])
        for layer in LAYERS[:9]:
            if layer.kind == "pool":
                current = functional.max_pool2d(current, 2)
            else:
                kernel = coarse(oihw(load(folder, f"model/{layer.weights}_weights.bin")), cut)
                biases = torch.tensor(load(folder, f"model/{layer.weights}_biases.bin"))
                given = torch.tensor(coarse(current.numpy(), cut))
                current = functional.conv2d(given, torch.tensor(kernel), biases).relu()
            array = current[0].permute(1, 2, 0).numpy()
            store(folder, f"image_1_data/layer_{layer.index}_output.bin", array)
        flat = array.reshape(-1)
        store(folder, "image_1_data/layer_9_output.bin", flat)
        hidden = flat @ load(folder, "model/dense1_weights.bin")
        hidden = np.maximum(hidden + load(folder, "model/dense1_biases.bin"), 0)
        store(folder, "image_1_data/layer_10_output.bin", hidden)
        last = hidden @ load(folder, "model/dense2_weights.bin")
        powers = np.exp(last + load(folder, "model/dense2_biases.bin"))
        store(folder, "image_1_data/layer_11_output.bin", powers / powers.sum())

    return plant


def before_relu(folder):
    image = torch.tensor(chw(load(folder, "image_0.bin"))[None])
    kernel = torch.tensor(np.ascontiguousarray(oihw(load(folder, "model/conv1_weights.bin"))))
    sums = functional.conv2d(image, kernel, torch.tensor(load(folder, "model/conv1_biases.bin")))
    store(folder, "image_0_data/layer_0_output.bin", sums[0].permute(1, 2, 0).numpy())


def count_relus(folder):
    """Number the ReLUs as layers of their own: layer 1 is then the ReLU of layer 0."""
    for i in range(3):
        base = folder / f"image_{i}_data"
        shutil.copy(base / "layer_0_output.bin", base / "layer_1_output.bin")


def swap(a, b):
    def plant(folder):
        first, second = (folder / a).read_bytes(), (folder / b).read_bytes()
        (folder / a).write_bytes(second)
        (folder / b).write_bytes(first)

    return plant


def not_a_number(folder):
    array = load(folder, "image_2_data/layer_4_output.bin")
    array[3, 4, 5] = np.nan
    store(folder, "image_2_data/layer_4_output.bin", array)


def one_value(folder):
    array = load(folder, "image_2_data/layer_4_output.bin")
    array[3, 4, 5] += 0.25
    store(folder, "image_2_data/layer_4_output.bin", array)


def float64(folder):
    store(folder, "model/conv3_weights.bin", load(folder, "model/conv3_weights.bin"), "<f8")


def by_256(folder):
    for i in range(3):
        store(folder, f"image_{i}.bin", np.round(load(folder, f"image_{i}.bin") * 255) / 256)


def as_int32(folder):
    store(folder, "image_0.bin", np.round(load(folder, "image_0.bin") * 255), "<i4")


def as_npy(folder):
    for name in ("conv1_biases", "dense2_weights"):
        array = load(folder, f"model/{name}.bin")
        with open(folder / f"model/{name}.bin", "wb") as file:
            np.save(file, array)


def whole_batch(folder):
    files = [folder / name for name in maps([8])]
    data = b"".join(file.read_bytes() for file in files)
    for file in files:
        file.write_bytes(data)


def another_images_maps(folder):
    for layer in range(12):
        swap(*maps([layer], [1, 2]))(folder)


def half(array):
    return array.astype(np.float16)


def misnamed(folder):
    (folder / "model/conv1_biases.bin").rename(folder / "model/conv_1_biases.bin")


def all_channels_first(folder):
    """What a PyTorch model gives when nothing is permuted, no flatten, no confidences."""
    change(chw, *(f"image_{i}.bin" for i in range(3)), *maps(SPATIAL))(folder)
    change(oihw, *CONVS)(folder)
    change(np.transpose, "model/dense2_weights.bin")(folder)
    change(lambda kernel: flat_chw(kernel).T, "model/dense1_weights.bin")(folder)
    for name in maps([9, 11]):
        (folder / name).unlink()
    (folder / "manifest.json").unlink()


def a_bit_of_everything(folder):
    change(chw, "image_1.bin", *maps([0, 5]))(folder)
    change(oihw, "model/conv1_weights.bin", "model/conv2_weights.bin")(folder)
    change(flat_chw, *maps([9]), "model/dense1_weights.bin")(folder)
    logits(folder)
    big_endian("model/conv6_weights.bin", "image_2.bin", *maps([10]))(folder)


IMAGES = "image_{0,1,2}.bin"
MAPS = "image_{{0,1,2}}_data/layer_{}_output.bin"
CONV = "model/conv{1,2,3,4,5,6}_weights.bin"
ALL_SPATIAL = MAPS.format("{" + ",".join(map(str, SPATIAL)) + "}")
ROWS = "2048 rows in CHW order instead of HWC"
TURNED = "is transposed: [out, in] instead of [in, out]"

PLANTS = {
    "one image CHW": (change(chw, "image_1.bin"), [("image_1.bin", "CHW instead of HWC")]),
    "images CHW": (
        change(chw, *(f"image_{i}.bin" for i in range(3))),
        [(IMAGES, "stored as CHW instead of HWC")],
    ),
    "one map CHW": (change(chw, *maps([4], [2])), [(*maps([4], [2]), "CHW instead of HWC")]),
    "pool's map CHW": (change(chw, *maps([8], [0])), [(*maps([8], [0]), "CHW instead of HWC")]),
    "all maps CHW": (change(chw, *maps(SPATIAL)), [(ALL_SPATIAL, "CHW instead of HWC")]),
    "one kernel OIHW": (
        change(oihw, "model/conv5_weights.bin"),
        [("model/conv5_weights.bin", "stored as OIHW instead of HWIO")],
    ),
    "all kernels OIHW": (change(oihw, *CONVS), [(CONV, "stored as OIHW instead of HWIO")]),
    "dense transposed": (
        change(np.transpose, "model/dense1_weights.bin", "model/dense2_weights.bin"),
        [("model/dense{1,2}_weights.bin", TURNED)],
    ),
    "Linear as it is": (
        change(lambda kernel: flat_chw(kernel).T, "model/dense1_weights.bin"),
        [("model/dense1_weights.bin", TURNED), ("model/dense1_weights.bin", ROWS)],
    ),
    "flatten unpermuted": (
        change(flat_chw, *maps([9]), "model/dense1_weights.bin"),
        [(MAPS.format(9), "flattened in CHW order"), ("model/dense1_weights.bin", ROWS)],
    ),
    "rows unpermuted": (
        change(flat_chw, "model/dense1_weights.bin"),
        [("model/dense1_weights.bin", ROWS)],
    ),
    "no softmax": (logits, [(MAPS.format(11), "the softmax is missing")]),
    "big-endian": (
        big_endian("image_0.bin", "model/conv2_biases.bin", *maps([6], [1])),
        [("image_0.bin, model/conv2_biases.bin, " + maps([6], [1])[0], "is big-endian")],
    ),
    "all big-endian": (big_endian(*SHAPES), [(None, "is big-endian")]),
    "images uint8": (as_uint8, [(IMAGES, "holds uint8 (12,288 bytes) instead of float32")]),
    "images 0 to 255": (
        change(lambda image: image * 255, "image_0.bin"),
        [("image_0.bin", "instead of 0 to 1")],
    ),
    "image normalised": (
        change(lambda image: (image - 0.45) / 0.22, "image_0.bin"),
        [
            ("image_0.bin", "instead of 0 to 1"),
            (maps([0], [0])[0], "does not follow from image_0.bin"),
        ],
    ),
    "image BGR": (
        change(lambda image: image[..., ::-1], "image_2.bin"),
        [("image_2.bin", "blue, green, red")],
    ),
    "truncated": (
        truncate,
        [
            ("model/conv4_weights.bin", "is cut short: 49,152 bytes instead of 147,456"),
            ("image_1_data/layer_3_output.bin", "is cut short: 57,685 bytes instead of 173,056"),
        ],
    ),
    "biases over weights": (
        biases_over_weights,
        [
            ("model/conv2_weights.bin", "holds the biases, not the weights (128 bytes"),
            ("model/dense1_weights.bin", "holds the biases, not the weights (1,024 bytes"),
        ],
    ),
    "TensorFloat-32": (
        tensorfloat32(cut=False),
        [("image_1_data/layer_{0,1,3,4,6,7}_output.bin", "in TensorFloat-32")],
    ),
    "TensorFloat-32, cut off": (
        tensorfloat32(cut=True),
        [("image_1_data/layer_{0,1,3,4,6,7}_output.bin", "in TensorFloat-32")],
    ),
    "before the ReLU": (before_relu, [(maps([0], [0])[0], "before its ReLU")]),
    "ReLUs counted": (count_relus, [(MAPS.format(1), "as many values as the map of layer 0")]),
    "missing": (
        lambda folder: [(folder / name).unlink() for name in maps([11])],
        [
            (MAPS.format(11), "is missing"),
            ("model/dense2_weights.bin", "cannot be checked without the maps that it makes"),
        ],
    ),
    "images missing": (
        lambda folder: [(folder / f"image_{i}.bin").unlink() for i in range(3)],
        [
            (IMAGES, "is missing"),
            ("model/conv1_weights.bin", "cannot be checked without the images"),
        ],
    ),
    "all maps missing": (
        lambda folder: [shutil.rmtree(folder / f"image_{i}_data") for i in range(3)],
        [
            (MAPS.format("{0,1,2,3,4,5,6,7,8,9,10,11}"), "is missing"),
            (CONV + ", model/dense{1,2}_weights.bin", "cannot be checked without the maps"),
        ],
    ),
    "misnamed": (
        misnamed,
        [
            ("model/conv1_biases.bin", "is missing"),
            ("model/conv_1_biases.bin", "is no file that Lab 2 reads"),
        ],
    ),
    "not a number": (not_a_number, [(maps([4], [2])[0], "1 of 36,864 values that are not finite")]),
    "one wrong value": (one_value, [(maps([4], [2])[0], "off by up to 0.25 in 1 of 36,864")]),
    "float64": (float64, [("model/conv3_weights.bin", "holds float64")]),
    "images mixed up": (
        swap("image_0.bin", "image_1.bin"),
        [
            (maps([0], [0])[0], "does not follow from image_0.bin"),
            (maps([0], [1])[0], "does not follow from image_1.bin"),
        ],
    ),
    "maps of two images mixed up": (
        another_images_maps,
        [
            (maps([0], [1])[0], "does not follow from image_1.bin"),
            (maps([0], [2])[0], "does not follow from image_2.bin"),
        ],
    ),
    "biases mixed up": (
        swap("model/conv1_biases.bin", "model/conv2_biases.bin"),
        [
            ("model/conv1_weights.bin", "and its biases do not give the maps of layer 0"),
            ("model/conv2_weights.bin", "and its biases do not give the maps of layer 1"),
        ],
    ),
    "images by 256": (by_256, [(IMAGES, "were divided by 256")]),
    "image int32": (as_int32, [("image_0.bin", "holds int32 (49,152 bytes)")]),
    "NumPy files": (
        as_npy,
        [("model/conv1_biases.bin, model/dense2_weights.bin", "is a NumPy file")],
    ),
    "a batch in each file": (
        whole_batch,
        [(MAPS.format(8), "holds all 3 images (24,576 bytes instead of 8,192)")],
    ),
    "float16 files": (
        lambda folder: store(folder, "image_1.bin", load(folder, "image_1.bin"), "<f2"),
        [("image_1.bin", "is cut short: 24,576 bytes instead of 49,152, the length of float16")],
    ),
    "bfloat16 map": (
        change(lambda array: torch.tensor(array).bfloat16().float().numpy(), *maps([1], [0])),
        [(maps([1], [0])[0], "its values have 16-bit precision only")],
    ),
    "weights mixed up": (
        swap("model/conv4_weights.bin", "model/conv5_weights.bin"),
        [
            ("model/conv4_weights.bin", "do not give the maps of layer 4"),
            ("model/conv5_weights.bin", "do not give the maps of layer 6"),
        ],
    ),
    "all channels first": (
        all_channels_first,
        [
            (f"{IMAGES}, {ALL_SPATIAL}", "stored as CHW instead of HWC"),
            (CONV, "stored as OIHW instead of HWIO"),
            ("model/dense1_weights.bin", TURNED),
            ("model/dense1_weights.bin", ROWS),
            (MAPS.format("{9,11}"), "is missing"),
            ("model/dense2_weights.bin", "cannot be checked without the maps that it makes"),
        ],
    ),
    "a bit of everything": (
        a_bit_of_everything,
        [
            ("image_1.bin, " + MAPS.format("{0,5}"), "stored as CHW"),
            ("model/conv{1,2}_weights.bin", "stored as OIHW"),
            (MAPS.format(9), "flattened in CHW order"),
            ("model/dense1_weights.bin", ROWS),
            ("model/conv6_weights.bin, image_2.bin, " + MAPS.format(10), "is big-endian"),
            (MAPS.format(11), "the softmax is missing"),
        ],
    ),
}
"""Name -> (plant, [(files in braces, words)]); files None stands for all of them."""


def expand(pattern: str | None) -> set[str]:
    """The names that a brace pattern stands for."""
    if pattern is None:
        return set(SHAPES)
    names = set()
    for part in pattern.split(", "):
        options = [""]
        for piece in part.replace("}", "{").split("{"):
            options = [o + choice for o in options for choice in piece.split(",")]
        names |= set(options)
    return names


def paths(folder: Path) -> set[str]:
    """Every file below ``folder``."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
