"""The network as data has the figures of the lab's handout."""

from math import prod

import pytest

from labcode import toycnn

TABLE = """
0 conv2d 5x5x3x32 60x60x32 2432 8640000
1 conv2d_1 5x5x32x32 56x56x32 25632 80281600
2 max_pooling2d - 28x28x32 0 0
3 conv2d_2 3x3x32x64 26x26x64 18496 12460032
4 conv2d_3 3x3x64x64 24x24x64 36928 21233664
5 max_pooling2d_1 - 12x12x64 0 0
6 conv2d_4 3x3x64x64 10x10x64 36928 3686400
7 conv2d_5 3x3x64x128 8x8x128 73856 4718592
8 max_pooling2d_2 - 4x4x128 0 0
9 flatten - 2048 0 0
10 dense 2048x256 256 524544 524288
11 dense_1 256x200 200 51400 51200
"""
ROWS = [line.split() for line in TABLE.split("\n") if line]


@pytest.mark.parametrize("row, layer", list(zip(ROWS, toycnn.LAYERS, strict=True)))
def test_each_layer_is_the_handouts(row, layer):
    both = (layer.kernel_shape, layer.output_shape)
    shapes = ("x".join(map(str, shape or "-")) for shape in both)
    assert [layer.index, layer.name, *shapes, layer.parameters, layer.macs] == [
        int(row[0]),
        *row[1:4],
        *map(int, row[4:]),
    ]


def test_totals_are_the_handouts():
    assert toycnn.PARAMETERS == 770_216
    assert toycnn.MACS == 131_595_776
    assert toycnn.ACTIVATION_ELEMENTS == 349_128


def test_each_layer_takes_what_the_one_before_gives():
    shapes = [toycnn.INPUT_SHAPE, *(layer.output_shape for layer in toycnn.LAYERS)]
    assert [layer.input_shape for layer in toycnn.LAYERS] == shapes[:-1]
    assert shapes[-1] == (toycnn.CLASSES,)


def test_bytes_are_those_of_float32():
    assert sum(layer.parameter_bytes for layer in toycnn.LAYERS) == 4 * 770_216
    for layer in toycnn.LAYERS:
        assert layer.output_bytes == 4 * prod(layer.output_shape)


def test_a_layer_is_found_by_either_name():
    assert toycnn.layer("conv2d_1") is toycnn.layer("conv2") is toycnn.LAYERS[1]
    with pytest.raises(KeyError, match="no layer 'conv9'"):
        toycnn.layer("conv9")
