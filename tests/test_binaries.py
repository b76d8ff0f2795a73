"""The exported bytes, read back by something that is not labcode."""

import hashlib
import json
import struct

import numpy as np
import pytest

from labcode.binaries import export_images, read
from labcode.errors import DataError
from tests.small_export import FakeSplit


@pytest.fixture
def split():
    rng = np.random.default_rng(1)
    return FakeSplit(rng.integers(0, 256, (4, 64, 64, 3), dtype=np.uint8))


def test_struct_reads_every_value_of_an_image_row_by_row_and_colour_by_colour(tmp_path, split):
    export_images(tmp_path, split, [2])
    raw = (tmp_path / "image_0.bin").read_bytes()
    assert len(raw) == 64 * 64 * 3 * 4
    values = struct.unpack("<12288f", raw)
    for row, column, channel in ((0, 0, 0), (0, 0, 2), (0, 1, 0), (17, 40, 1), (63, 63, 2)):
        value = values[(row * 64 + column) * 3 + channel]
        assert round(value * 255) == split.images[2, row, column, channel]
        assert 0 <= value <= 1


def test_the_metadata_file_describes_exactly_the_files_that_are_there(tmp_path, split):
    export_images(tmp_path, split, [0, 1, 3])
    entries = json.loads((tmp_path / "metadata.json").read_text())
    assert [entry["name"] for entry in entries] == ["image_0.bin", "image_1.bin", "image_2.bin"]
    assert [entry["index"] for entry in entries] == [0, 1, 3]
    for entry in entries:
        data = (tmp_path / entry["name"]).read_bytes()
        assert (entry["bytes"], entry["dtype"], entry["layout"]) == (len(data), "float32", "HWC")
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_file_of_uint8_is_refused_with_the_likely_reason(tmp_path):
    path = tmp_path / "image_0.bin"
    path.write_bytes(bytes(12288))
    with pytest.raises(DataError, match="12288 bytes .*written as uint8"):
        read(path, (64, 64, 3))


def test_what_was_written_is_read_back(tmp_path, split):
    export_images(tmp_path, split, [1])
    image = read(tmp_path / "image_0.bin", (64, 64, 3))
    np.testing.assert_array_equal(np.round(image * 255), split.images[1])


def test_an_image_of_another_size_is_refused_and_nothing_is_written(tmp_path, split):
    small = FakeSplit(split.images[:, :32])
    with pytest.raises(DataError, match=r"not \(1, 32, 64, 3\)"):
        export_images(tmp_path / "out", small, [0])
    with pytest.raises(DataError, match="not float32"):
        export_images(tmp_path / "out", FakeSplit(split.images / np.float32(255)), [0])
    with pytest.raises(DataError, match=r"images 0 to 3, and no \[-1\]"):
        export_images(tmp_path / "out", split, [0, -1])
    assert not (tmp_path / "out").exists()
