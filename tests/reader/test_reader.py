"""An independent reader in C computes the network from the exported files alone."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from labcode.binaries import FILES, read
from labcode.frameworks import FRAMEWORKS
from tests.small_export import make_export

SHAPES = {file.name: file.shape for file in FILES}
COMPILER = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler: neither cc, gcc nor clang")


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The compiled program, without one warning."""
    program = tmp_path_factory.mktemp("reader") / "reader"
    source = Path(__file__).with_name("reader.c")
    flags = ["-std=c99", "-O3", "-Wall", "-Wextra", "-Werror"]
    command = [COMPILER, *flags, "-o", str(program), str(source), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Framework's key -> the folder of its export."""
    folder = tmp_path_factory.mktemp("read")
    return {key: make_export(folder / key, key) for key in FRAMEWORKS}


def run(reader, folder):
    """Exit status, and (image, layer) -> largest difference of that map."""
    done = subprocess.run([reader, folder], capture_output=True, text=True)
    found = re.findall(r"image (\d) layer (\d+) difference (\S+)", done.stdout)
    return done, {(int(i), int(k)): float(off) for i, k, off in found}


@pytest.mark.parametrize("framework", list(FRAMEWORKS))
def test_c_reproduces_every_map_and_the_top_1(reader, exports, framework):
    done, off = run(reader, exports[framework])
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(off) == 36
    print(f"largest difference of a map from C's, {framework}: {max(off.values()):.2e}")
    assert max(off.values()) < 1e-5
    top = re.findall(r"top1 (\d+) stored (\d+)", done.stdout)
    assert len(top) == 3 and all(own == stored for own, stored in top)
    for image, (own, _) in enumerate(top):
        name = f"image_{image}_data/layer_11_output.bin"
        confidences = read(exports[framework] / name, SHAPES[name])
        assert confidences.argmax() == int(own)


def rewrite(folder, name, function):
    """Store ``function(array)`` in place of the array in ``name``."""
    array = function(read(folder / name, SHAPES[name]))
    (folder / name).write_bytes(np.ascontiguousarray(array).astype("<f4").tobytes())


ROWS = (4, 4, 128, 256)
PLANTS = {
    "model/conv3_weights.bin": (lambda kernel: kernel.transpose(3, 2, 0, 1), (0, 3)),
    "model/dense2_weights.bin": (np.transpose, (0, 11)),
    "model/dense1_weights.bin": (lambda k: k.reshape(ROWS).transpose(2, 0, 1, 3), (0, 10)),
    "image_2.bin": (lambda image: image.transpose(2, 0, 1), (2, 0)),
    "image_1_data/layer_9_output.bin": (
        lambda flat: flat.reshape(4, 4, 128).transpose(2, 0, 1),
        (1, 9),
    ),
}


@pytest.mark.parametrize("name", list(PLANTS))
def test_c_notices_an_array_in_another_order(reader, exports, tmp_path, name):
    folder = shutil.copytree(exports["pytorch"], tmp_path / "lab2")
    function, where = PLANTS[name]
    rewrite(folder, name, function)
    done, off = run(reader, folder)
    assert done.returncode == 1
    first = next(place for place, value in off.items() if not value < 1e-3)
    assert first == where and off[where] > 1e-2


def test_c_notices_a_value_that_is_not_a_number(reader, exports, tmp_path):
    folder = shutil.copytree(exports["pytorch"], tmp_path / "lab2")

    def spoil(array):
        array[3, 4, 5] = np.nan
        return array

    rewrite(folder, "image_0_data/layer_4_output.bin", spoil)
    done, off = run(reader, folder)
    assert done.returncode == 1
    assert [place for place, value in off.items() if not value < 1e-3] == [(0, 4)]


def test_c_notices_a_file_that_is_cut_short(reader, exports, tmp_path):
    folder = shutil.copytree(exports["pytorch"], tmp_path / "lab2")
    path = folder / "model/conv6_weights.bin"
    path.write_bytes(path.read_bytes()[:-4])
    done, _ = run(reader, folder)
    assert done.returncode == 2 and "conv6_weights.bin" in done.stderr
