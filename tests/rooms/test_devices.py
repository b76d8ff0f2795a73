"""The device is chosen by itself, or asked for and then either there or an error."""

import pytest

from labcode.errors import DeviceError


def test_the_best_device_is_the_first_and_the_cpu_the_last(room):
    devices = room.available_devices()
    assert devices[-1] == "cpu"
    assert room.select_device() == room.select_device(devices[0])


def test_a_device_is_accepted_where_its_name_is(room):
    device = room.select_device("cpu")
    assert room.select_device(device) == device


@pytest.mark.parametrize("name", ["cuda", "mps", "cuda:7", "npu"])
def test_a_missing_device_is_an_error_that_lists_those_there_are(room, name):
    if name in room.available_devices():
        pytest.skip(f"this machine has {name}")
    with pytest.raises(DeviceError, match=r"only \['.*cpu'\]"):
        room.select_device(name)


def test_synchronising_a_cpu_does_nothing(room):
    room.synchronize(room.select_device("cpu"))


def test_true_float32_restores_what_it_found(rooms):
    import tensorflow as tf
    import torch

    def states():
        backends = torch.backends
        return (
            backends.cudnn.allow_tf32,
            backends.cuda.matmul.allow_tf32,
            tf.config.experimental.tensor_float_32_execution_enabled(),
        )

    before = states()
    with rooms["pytorch"].devices.true_float32(), rooms["tensorflow"].devices.true_float32():
        assert not any(states())
    assert states() == before
