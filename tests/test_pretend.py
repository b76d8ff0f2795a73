import numpy as np
import pytest

from labcode.pretend import LAUNCH, Device, pictures
from labcode.timing import measure


def test_work_is_queued_and_the_clock_runs_on_when_one_waits():
    device = Device(lambda call, images: 0.5 + images)
    device.work(pictures(2))
    device.work(pictures(1))
    assert device.clock() == pytest.approx(2 * LAUNCH)
    device.wait()
    assert device.clock() == pytest.approx(2.5 + 1.5)
    device.wait()
    assert device.clock() == pytest.approx(4.0)
    assert device.sizes == [2, 1]


def test_classify_waits_for_its_answer():
    device = Device(lambda call, images: 1.0 if call == 0 else 0.25)
    assert device.classify(pictures(3)).shape == (3,)
    device.classify(pictures(1))
    assert device.clock() == pytest.approx(1.25)


def test_measure_finds_the_made_up_seconds(monkeypatch):
    device = Device(lambda call, images: 9.0 if call < 3 else 0.125)
    monkeypatch.setattr("labcode.timing.time.perf_counter", device.clock)
    times = measure(lambda: device.work(pictures(1)), device.wait, repeats=5, warmup=3)
    assert times.seconds == pytest.approx((0.125,) * 5)


def test_a_picture_without_its_batch_axis_is_refused_with_advice():
    with pytest.raises(AssertionError, match=r"pictures\[i : i \+ 1\]"):
        Device(lambda call, images: 1.0).work(pictures(2)[0])


def test_what_came_in_is_kept_as_it_was():
    device, some = Device(lambda call, images: 1.0), pictures(300)
    device.work(some[255:258])
    some[:] = 9
    assert device.batches[0][:, 0, 0, 0].tolist() == [255, 0, 1]
    assert device.batches[0].dtype == np.uint8
