"""A layer's bound is the slower of arithmetic and memory; a batch shares the weights' bytes."""

import pytest

from labcode import toycnn
from labcode.roofline import Peak, bound_seconds, intensity, operations, traffic
from labcode.toycnn import LAYERS, MACS

PEAK = Peak(macs_per_second=100e9, bytes_per_second=10e9)


def test_the_roof_is_slanted_up_to_the_ridge_and_flat_beyond():
    assert PEAK.ridge == 10
    assert PEAK.attainable(2) == 20e9
    assert PEAK.attainable(10) == PEAK.attainable(1000) == 100e9


def test_operations_are_macs_but_for_the_pools():
    assert sum(operations(layer) for layer in LAYERS if layer.kind != "pool") == MACS
    # 28 x 28 x 32 windows of four values: three comparisons find the largest.
    assert operations(toycnn.layer("max_pooling2d")) == 28 * 28 * 32 * 3
    assert operations(toycnn.layer("flatten")) == 0


def test_traffic_is_counted_by_hand():
    conv1 = 4 * (64 * 64 * 3 + 60 * 60 * 32)
    assert traffic(toycnn.layer("conv2d"), 1) == conv1 + 4 * 2432
    assert traffic(toycnn.layer("conv2d"), 10) == 10 * conv1 + 4 * 2432
    assert traffic(toycnn.layer("max_pooling2d_2"), 1) == 4 * (8 * 8 * 128 + 4 * 4 * 128)


def test_a_batch_makes_the_dense_layer_bound_by_arithmetic():
    dense = toycnn.layer("dense")
    assert intensity(dense, 1) < 0.25 < PEAK.ridge < intensity(dense, 100)
    assert bound_seconds(dense, 1, PEAK) == traffic(dense, 1) / 10e9
    assert bound_seconds(dense, 100, PEAK) == pytest.approx(100 * dense.macs / 100e9)


def test_a_layer_is_never_faster_than_its_roof():
    for layer in LAYERS:
        for batch in (1, 20, 200):
            seconds = bound_seconds(layer, batch, PEAK)
            roof = PEAK.attainable(intensity(layer, batch))
            assert batch * operations(layer) / seconds == pytest.approx(roof)
