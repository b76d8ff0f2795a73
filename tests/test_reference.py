"""The network in NumPy against both frameworks, and TensorFloat-32 against its definition."""

import importlib

import numpy as np
import pytest

from labcode.errors import LabcodeError
from labcode.frameworks import FRAMEWORKS
from labcode.reference import forward, to_tensorfloat32
from labcode.toycnn import LAYERS
from labcode.weights import initial_weights, shipped_weights
from tests.small_export import make_split


@pytest.fixture(scope="module")
def images():
    return make_split().images[:2]


@pytest.fixture(scope="module")
def exact(images):
    return forward(shipped_weights(), images.astype(np.float32) / 255)


@pytest.mark.parametrize("framework", list(FRAMEWORKS))
def test_numpy_comes_to_the_maps_of_either_framework(images, exact, framework):
    room = importlib.import_module(f"labcode.{framework}")
    theirs = room.activations(room.build_model(shipped_weights()), images)
    assert list(exact) == list(theirs) == [layer.name for layer in LAYERS]
    for layer in LAYERS:
        own = exact[layer.name]
        assert own.dtype == np.float32 and own.shape == (2, *layer.output_shape)
        np.testing.assert_allclose(own, theirs[layer.name], atol=1e-5, rtol=0)


def test_float32_sums_differ_from_exact_ones_by_rounding_alone(images, exact):
    rounded = forward(shipped_weights(), images.astype(np.float32) / 255, "float32")
    off = max(float(np.abs(rounded[name] - exact[name]).max()) for name in exact)
    assert 0 < off < 1e-4


def test_confidences_sum_to_one_for_weights_of_any_size(images):
    weights = {name: array * 30 for name, array in initial_weights().items()}
    last = forward(weights, images.astype(np.float32) / 255)[LAYERS[-1].name]
    np.testing.assert_allclose(last.sum(axis=1), 1, rtol=1e-5)


def test_tensorfloat32_keeps_ten_fraction_bits_to_the_nearest_or_below():
    values = np.random.default_rng(3).normal(size=5000).astype(np.float32)
    fraction, exponent = np.frexp(values.astype(np.float64))
    for truncate, rounding in ((False, np.rint), (True, np.trunc)):
        by_arithmetic = np.ldexp(rounding(fraction * 2**11) / 2**11, exponent)
        np.testing.assert_array_equal(to_tensorfloat32(values, truncate), by_arithmetic)
    np.testing.assert_array_equal(
        to_tensorfloat32(np.float32([0, 1, -2.5, 1 / 1024])),
        [0, 1, -2.5, 1 / 1024],
    )


@pytest.mark.parametrize("precision", ["tensorfloat32", "tensorfloat32-truncated"])
def test_tensorfloat32_moves_maps_far_more_than_rounding_does(images, exact, precision):
    coarse = forward(shipped_weights(), images.astype(np.float32) / 255, precision)
    off = max(float(np.abs(coarse[name] - exact[name]).max()) for name in exact)
    assert 1e-4 < off < 0.1


def test_an_unknown_precision_is_refused(images):
    with pytest.raises(LabcodeError, match="choose from"):
        forward(shipped_weights(), images / 255, "float8")
