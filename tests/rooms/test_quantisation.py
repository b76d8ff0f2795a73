"""The simulated quantised network computes what integers compute."""

import numpy as np
import pytest

from labcode import quantise as q
from labcode import reference
from labcode.toycnn import LAYERS
from labcode.weights import shipped_weights

WEIGHTS = shipped_weights("tiny-imagenet")
IMAGES = np.random.default_rng(3).integers(0, 256, (3, 64, 64, 3), np.uint8)
MAPS = reference.forward(WEIGHTS, IMAGES.astype(np.float32) / 255)


def integer_network(weights, bits: int, ranges: dict[str, float]) -> np.ndarray:
    """Logits (N, 200) from integers alone: products and sums are exact, in float64's 53 bits."""
    kernels, grids = q.weight_grids(weights, bits), q.map_grids(ranges, bits)
    grid = grids[q.INPUT]
    current = q.quantise(IMAGES.astype(np.float32) / 255, grid).astype(np.float64)
    for layer in LAYERS:
        if not layer.weights:
            current = reference.linear(layer, current)
            continue
        name = f"{layer.weights}_weights"
        integers = q.quantise(weights[name], kernels[name]).astype(np.float64)
        nothing = np.zeros(layer.kernel_shape[-1])
        sums = reference.linear(layer, current, integers, nothing, "float64")
        assert np.array_equal(sums, np.rint(sums)), "these were no integers"
        biases = weights[f"{layer.weights}_biases"]
        values = sums * float(grid.scale) * kernels[name].scale.astype(np.float64) + biases
        if layer.activation == "softmax":
            return values
        grid = grids[layer.name]
        current = q.quantise(np.maximum(values, 0), grid).astype(np.float64)


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_the_simulation_gives_what_integers_give(room, bits):
    ranges = q.map_ranges(MAPS)
    model = room.build_quantised(q.round_weights(WEIGHTS, bits), q.map_grids(ranges, bits))
    logits = room.predict_logits(model, IMAGES)
    exact = integer_network(WEIGHTS, bits, ranges)
    away = np.abs(logits - exact).max(axis=1)
    by_rounding = np.abs(room.predict_logits(room.build_model(WEIGHTS), IMAGES) - exact).max()
    # Where a sum lies next to a tie, float32 may take the other side, and a step goes through.
    assert np.median(away) < 1e-5, "most images have no such sum"
    assert away.max() < by_rounding / 4, "one step is little beside what all of them do"


def test_without_grids_it_is_the_plain_network(room):
    plain = room.predict_logits(room.build_model(WEIGHTS), IMAGES)
    assert np.array_equal(room.predict_logits(room.build_quantised(WEIGHTS, {}), IMAGES), plain)


def test_pools_and_flatten_keep_to_the_grid_and_nothing_leaves_its_range(room):
    ranges = {name: reach / 2 for name, reach in q.map_ranges(MAPS).items()}
    grids = q.map_grids(ranges, 4)
    maps = room.activations(room.build_quantised(WEIGHTS, grids), IMAGES)
    for pool, source in (
        ("max_pooling2d", "conv2d_1"),
        ("max_pooling2d_2", "conv2d_5"),
        ("flatten", "conv2d_5"),
    ):
        steps = maps[pool] / grids[source].scale
        assert np.allclose(steps, np.rint(steps), atol=1e-4)
        assert steps.max() == pytest.approx(15, abs=1e-4), "half the range must saturate"


def test_the_images_bytes_lose_nothing_at_eight_bits(room):
    grids = {q.INPUT: q.map_grids({q.INPUT: 1.0}, 8)[q.INPUT]}
    plain = room.predict_logits(room.build_model(WEIGHTS), IMAGES)
    rounded = room.predict_logits(room.build_quantised(WEIGHTS, grids), IMAGES)
    assert np.abs(rounded - plain).max() < 1e-5


def test_both_frameworks_round_alike(rooms):
    grids = q.map_grids(q.map_ranges(MAPS), 4)
    weights = q.round_weights(WEIGHTS, 4)
    one, other = (
        room.predict_logits(room.build_quantised(weights, grids), IMAGES) for room in rooms.values()
    )
    assert np.abs(one - other).max() < 1e-3
