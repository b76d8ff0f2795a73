import numpy as np
import pytest

from labcode.one_layer import loss_and_gradient


@pytest.mark.parametrize("twice", [False, True])
def test_the_gradient_is_the_slope_of_the_loss(twice):
    rng = np.random.default_rng(487)
    kernel, inputs = rng.normal(size=(4, 3)), rng.normal(size=(6, 4))
    truth = rng.integers(0, 3, 6)
    _, gradient = loss_and_gradient(kernel, inputs, truth, softmax_twice=twice)
    for place in np.ndindex(kernel.shape):
        step = np.zeros_like(kernel)
        step[place] = 1e-5
        up, down = (
            loss_and_gradient(k, inputs, truth, softmax_twice=twice)[0]
            for k in (kernel + step, kernel - step)
        )
        assert (up - down) / 2e-5 == pytest.approx(gradient[place], abs=1e-9)


def test_equal_confidences_cost_the_logarithm_of_the_classes():
    loss, _ = loss_and_gradient(np.zeros((4, 200)), np.ones((2, 4)), np.array([3, 7]))
    assert loss == pytest.approx(np.log(200))
