"""Quantisation: integers within their bits, errors within half a step, and what breaks it named."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from labcode import quantise as q
from labcode.errors import QuantisationError
from labcode.toycnn import LAYERS, PARAMETERS, WEIGHTED
from labcode.weights import SHAPES, initial_weights

BITS = (8, 4, 2)


@pytest.fixture(scope="module")
def kernel() -> np.ndarray:
    """A kernel whose output channels have very different sizes, as trained ones do."""
    rng = np.random.default_rng(1)
    sizes = np.geomspace(0.01, 1, 16)
    return (rng.normal(size=(3, 3, 8, 16)) * sizes).astype(np.float32)


@pytest.fixture(scope="module")
def maps() -> dict[str, np.ndarray]:
    """Maps of two images behind a ReLU."""
    rng = np.random.default_rng(2)
    return {
        layer.name: np.maximum(rng.normal(size=(2, *layer.output_shape)), 0).astype(np.float32)
        for layer in LAYERS
    }


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("per_channel", [False, True])
def test_a_round_trip_errs_by_half_a_step_at_most(kernel, bits, per_channel):
    grid = q.grid_for(kernel, bits, per_channel=per_channel)
    error = np.abs(q.dequantise(q.quantise(kernel, grid), grid) - kernel)
    # Beside the half step there is the rounding of float32 itself.
    assert (error <= grid.scale / 2 + 1e-6 * np.abs(kernel)).all()


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("signed", [True, False])
def test_integers_stay_within_their_bits_and_use_all_of_them(kernel, bits, signed):
    values = kernel if signed else np.abs(kernel)
    grid = q.grid_for(values, bits, signed=signed)
    integers = q.quantise(values, grid)
    lowest, highest = (-(2 ** (bits - 1)) + 1, 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    assert integers.dtype == (np.int8 if signed else np.uint8)
    assert (grid.lowest, grid.highest) == (lowest, highest)
    assert integers.min() >= lowest and integers.max() <= highest
    assert np.abs(integers.astype(int)).max() == highest


def test_two_bits_leave_three_numbers_with_a_sign_and_four_without(kernel):
    signed = q.grid_for(kernel, 2)
    assert set(np.unique(q.quantise(kernel, signed))) == {-1, 0, 1} and signed.levels == 3
    unsigned = q.grid_for(np.abs(kernel), 2, signed=False)
    assert set(np.unique(q.quantise(np.abs(kernel), unsigned))) == {0, 1, 2, 3}
    assert unsigned.levels == 4


@pytest.mark.parametrize("bits", BITS)
def test_zero_stays_exactly_zero_and_signs_are_symmetric(kernel, bits):
    grid = q.grid_for(kernel, bits, per_channel=True)
    assert not q.dequantise(q.quantise(np.zeros_like(kernel), grid), grid).any()
    assert np.array_equal(q.quantise(-kernel, grid), -q.quantise(kernel, grid))


def test_what_lies_beyond_the_grid_gets_its_end():
    grid = q.grid_for(np.float32([0.5, -0.5]), 8)
    assert q.quantise(np.float32([9, -9, 1e30, -1e30]), grid).tolist() == [127, -127, 127, -127]
    grid = q.grid_for(np.float32([0, 1]), 4, signed=False)
    assert q.quantise(np.float32([-3, 3]), grid).tolist() == [0, 15]


def test_halves_round_to_the_even_neighbour():
    grid = q.Grid(8, True, np.float32(1))
    halves = np.float32([0.5, 1.5, 2.5, -0.5, -1.5])
    assert q.quantise(halves, grid).tolist() == [round(float(one)) for one in halves]


def test_bytes_of_an_image_survive_eight_bits_unchanged():
    pixels = np.arange(256, dtype=np.uint8)
    grid = q.map_grids({q.INPUT: 1.0}, 8)[q.INPUT]
    assert np.array_equal(q.quantise(pixels.astype(np.float32) / np.float32(255), grid), pixels)


@pytest.mark.parametrize("bits", BITS)
def test_a_scale_for_each_channel_errs_less_than_one_for_all(kernel, bits):
    def error(per_channel: bool) -> float:
        grid = q.grid_for(kernel, bits, per_channel=per_channel)
        relative = (q.dequantise(q.quantise(kernel, grid), grid) - kernel) / kernel.std((0, 1, 2))
        return float((relative**2).mean())

    assert error(True) < error(False)


def test_each_channel_is_quantised_as_if_it_were_alone(kernel):
    grid = q.grid_for(kernel, 4, per_channel=True)
    assert grid.scale.shape == (16,)
    for channel in range(16):
        alone = kernel[..., channel]
        own = q.grid_for(alone, 4)
        assert np.array_equal(q.quantise(kernel, grid)[..., channel], q.quantise(alone, own))


def test_a_channel_of_zeros_is_no_division_by_zero(kernel):
    dead = kernel.copy()
    dead[..., 3] = 0
    grid = q.grid_for(dead, 8, per_channel=True)
    restored = q.dequantise(q.quantise(dead, grid), grid)
    assert np.isfinite(restored).all() and not restored[..., 3].any()


def test_a_percentile_gives_up_the_few_largest_values():
    values = np.append(np.linspace(0, 1, 1000), 100).astype(np.float32)
    whole = q.grid_for(values, 8, signed=False)
    most = q.grid_for(values, 8, signed=False, percentile=99.9)
    assert whole.scale == np.float32(100 / 255)
    assert most.scale == pytest.approx(1 / 255, rel=0.01)
    assert q.quantise(values, most)[-1] == 255


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(kernel, wrong):
    broken = kernel.copy()
    broken[0, 0, 0, :2] = wrong
    with pytest.raises(QuantisationError, match="2 of 1152 values are not finite"):
        q.grid_for(broken, 8)
    with pytest.raises(QuantisationError, match="not finite"):
        q.quantise(broken, q.grid_for(kernel, 8))


def test_wrong_use_is_named(kernel):
    with pytest.raises(QuantisationError, match="2 to 8 bits, not 1"):
        q.grid_for(kernel, 1)
    with pytest.raises(QuantisationError, match="2 to 8 bits, not 32"):
        q.weight_grids(initial_weights(), 32)
    with pytest.raises(QuantisationError, match="was the ReLU left out"):
        q.grid_for(kernel, 8, signed=False)
    with pytest.raises(QuantisationError, match="no values"):
        q.grid_for(kernel[:0], 8)


def test_kernels_are_rounded_and_biases_kept():
    weights = initial_weights("pytorch-default")
    rounded = q.round_weights(weights, 4)
    assert list(rounded) == list(SHAPES)
    for name, grid in q.weight_grids(weights, 4).items():
        assert grid.scale.shape == SHAPES[name][-1:]
        steps = rounded[name] / grid.scale
        assert np.allclose(steps, np.rint(steps), atol=1e-4) and np.abs(steps).max() < 7.01
    for name in (one for one in SHAPES if one.endswith("biases")):
        assert np.array_equal(rounded[name], weights[name])
    assert all(array.dtype == np.float32 for array in rounded.values())


def test_calibration_takes_the_maps_behind_the_relus_and_the_images_known_range(maps):
    ranges = q.map_ranges(maps)
    assert list(ranges) == ["input", *(one.name for one in LAYERS if one.activation == "relu")]
    assert ranges["input"] == 1
    assert ranges["conv2d_3"] == maps["conv2d_3"].max()
    assert q.map_ranges(maps, 99)["conv2d_3"] == pytest.approx(np.percentile(maps["conv2d_3"], 99))
    grids = q.map_grids(ranges, 8)
    assert grids["conv2d_3"].scale == np.float32(maps["conv2d_3"].max()) / np.float32(255)
    assert not any(grid.signed for grid in grids.values())


@pytest.mark.parametrize("weight_bits, map_bits, fan_in", itertools.product(BITS, BITS, (1, 5, 75)))
def test_an_accumulator_holds_the_largest_sum_and_no_bit_is_wasted(weight_bits, map_bits, fan_in):
    weights = np.full(fan_in, 2 ** (weight_bits - 1) - 1, np.int64)
    values = np.full(fan_in, 2**map_bits - 1, np.int64)
    largest, smallest = int(weights @ values), int(-weights @ values)
    bits = q.accumulator_bits(fan_in, weight_bits, map_bits)
    assert -(2 ** (bits - 1)) <= smallest and largest <= 2 ** (bits - 1) - 1
    assert largest > 2 ** (bits - 2) - 1, "one bit less would do"


def test_every_layer_of_the_network_fits_a_32_bit_accumulator():
    assert max(q.accumulator_bits(layer.fan_in, 8, 8) for layer in WEIGHTED) <= 32


def test_bytes_of_the_model_are_those_of_its_packed_arrays():
    weights = initial_weights()
    kernels = sum(weights[name].size for name in SHAPES if name.endswith("weights"))
    biases = PARAMETERS - kernels
    assert q.model_bytes(32) == sum(array.nbytes for array in weights.values())
    for bits in BITS:
        packed = np.packbits(np.zeros(kernels * bits, bool)).nbytes
        assert q.model_bytes(bits) == packed + 4 * biases + 4 * biases
        assert q.model_bytes(bits, per_channel=False) == packed + 4 * biases + 4 * 8


def test_quantisation_and_pictures_import_no_framework():
    code = (
        "import sys, labcode.quantise, labcode.pictures;"
        "print({'torch', 'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
