"""Each pass of a convolution computes what it says, in both rooms, and so does what is timed."""

import numpy as np
import pytest

RNG = np.random.default_rng(6)
MAPS = RNG.standard_normal((2, 7, 6, 3)).astype(np.float32)
KERNEL = RNG.standard_normal((3, 3, 3, 4)).astype(np.float32)
UPSTREAM = RNG.standard_normal((2, 5, 4, 4)).astype(np.float32)


def forward(maps, kernel):
    """By the definition, in float64."""
    maps, kernel = maps.astype(np.float64), kernel.astype(np.float64)
    found = 0
    for row in range(3):
        for column in range(3):
            found = found + maps[:, row : row + 5, column : column + 4] @ kernel[row, column]
    return found


def slopes(of, towards):
    """The derivative of <forward, UPSTREAM>, linear in ``of``, along each of its elements."""
    found = np.zeros(of.shape)
    for place in np.ndindex(of.shape):
        unit = np.zeros(of.shape)
        unit[place] = 1
        found[place] = (towards(unit) * UPSTREAM).sum()
    return found


@pytest.fixture(scope="module")
def expected():
    return {
        "forward": forward(MAPS, KERNEL),
        "by-input": slopes(MAPS, lambda unit: forward(unit, KERNEL)),
        "by-weights": slopes(KERNEL, lambda unit: forward(MAPS, unit)),
    }


def test_the_passes_are_those_of_the_definition(rooms, expected):
    for name, room in rooms.items():
        passes = room.convolution_passes(MAPS, KERNEL, UPSTREAM, device="cpu")
        assert set(passes) == set(expected)
        for one, work in passes.items():
            for _ in range(2):
                found = np.asarray(work())
                if name == "pytorch":
                    found = found.transpose((2, 3, 1, 0) if one == "by-weights" else (0, 2, 3, 1))
                np.testing.assert_allclose(found, expected[one], atol=1e-4, err_msg=one)
