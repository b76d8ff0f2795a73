"""The helpers of the chapter on silent mistakes do what its pages show."""

import threading
import time
from itertools import permutations

import numpy as np
import pytest

from labcode.pitfalls import Queue, letter, show_losses, verdict


def half(value):
    if value != 0.5:  # pytest would add words of its own to an assert
        raise AssertionError(f"{value}\n  is not a half")


def test_a_verdict_tells_what_the_assertion_says():
    assert verdict(half, 0.5) == "passes"
    assert verdict(half, 0.4) == "FAILS: 0.4 is not a half"
    with pytest.raises(TypeError):
        verdict(half)  # a test that does not even run is no verdict


def test_an_assertion_without_words_fails_too():
    def silent():
        raise AssertionError

    assert verdict(silent).startswith("FAILS")


def test_put_returns_before_the_work_is_done_and_wait_after():
    gate, done = threading.Event(), []
    queue = Queue()
    future = queue.put(lambda: (gate.wait(10), done.append(1), "result")[2])
    queue.put(done.append, 2)
    assert done == []
    gate.set()
    queue.wait()
    assert done == [1, 2]  # in order, one after another
    assert future.result() == "result"


def test_waiting_takes_as_long_as_the_work():
    queue = Queue()
    start = time.perf_counter()
    for _ in range(3):
        queue.put(time.sleep, 0.05)
    asked = time.perf_counter() - start
    queue.wait()
    took = time.perf_counter() - start
    assert took >= 0.15
    assert asked < took / 2


def test_an_error_in_the_queue_comes_up_when_one_waits():
    queue = Queue()
    queue.put(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        queue.wait()
    queue.wait()  # told once


def test_no_turn_mirror_or_exchange_of_channels_leaves_the_letter_as_it_is():
    image = letter()
    assert image.shape == (64, 64, 3) and image.dtype == np.uint8
    seen = set()
    for turns in range(4):
        for flipped in (False, True):
            for channels in permutations(range(3)):
                other = np.rot90(image, turns)
                other = other[:, ::-1] if flipped else other
                seen.add(np.ascontiguousarray(other[..., list(channels)]).tobytes())
    assert len(seen) == 4 * 2 * 6


def test_each_curve_has_a_line_of_its_own_and_each_level_its_name():
    figure = show_losses({"one": [3, 2, 1], "other": [3, 3, 3]}, "pytorch", {"guess": 2.5})
    axes = figure.axes[0]
    one, other, level = axes.lines
    assert list(one.get_xdata()) == [1, 2, 3] and list(one.get_ydata()) == [3, 2, 1]
    assert one.get_linestyle() != other.get_linestyle()
    assert set(level.get_ydata()) == {2.5}
    assert [text.get_text() for text in axes.texts] == ["guess"]
