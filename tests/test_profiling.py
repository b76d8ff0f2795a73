"""A profile adds up, by a clock that the test turns; a faulty one is refused with its fault."""

import itertools

import pytest

from labcode.errors import ProfileError
from labcode.profiling import Run, check, collect
from labcode.toycnn import LAYERS

NAMES = [layer.name for layer in LAYERS]


def run(seconds=0.013, each=0.001, **changes) -> Run:
    """Twelve layers of ``each`` seconds in a pass of ``seconds``; a None drops a layer."""
    layers = {**dict.fromkeys(NAMES, each), **changes}
    return Run(
        seconds,
        {name: value for name, value in layers.items() if value is not None},
        {"gemm": (2, each)},
    )


def profile(runs, plain=0.015, repeats=3, warmup=1):
    runs = iter(runs)
    return collect(
        lambda: plain,
        lambda: next(runs),
        batch=8,
        device="cpu",
        repeats=repeats,
        warmup=warmup,
    )


def test_layers_and_overhead_add_up_to_the_end_to_end_time():
    found = profile(itertools.repeat(run()))
    assert list(found.layers) == NAMES
    assert found.layer_sum == pytest.approx(0.012)
    assert found.overhead == pytest.approx(0.003)
    assert found.layer_sum + found.overhead == pytest.approx(found.end_to_end.median)
    assert sum(found.by_kind().values()) == pytest.approx(found.layer_sum)
    assert found.by_kind()["conv"] == pytest.approx(0.006)
    assert found.ratio == pytest.approx(0.8)


def test_warm_up_runs_do_not_count_and_the_cases_take_turns():
    calls = []
    runs = iter([run(each=0.001)] + [run(each=0.0005)] * 2)

    def plain():
        calls.append("plain")
        return 0.015

    def profiled():
        calls.append("profiled")
        return next(runs)

    found = collect(plain, profiled, batch=8, device="cpu", repeats=2, warmup=1)
    assert calls == ["profiled", "plain", "plain", "profiled", "profiled", "plain"]
    assert found.layers["conv2d"].seconds == (0.0005, 0.0005)


def test_a_slow_round_moves_neither_the_paired_ratio_nor_the_medians():
    plain = iter([0.015, 0.015, 0.150, 0.015])
    runs = iter([run(), run(), run(0.13, 0.01), run()])
    found = collect(
        lambda: next(plain), lambda: next(runs), batch=8, device="cpu", repeats=3, warmup=1
    )
    assert found.ratios == pytest.approx([0.8, 0.8, 0.8])
    assert found.layer_sum == pytest.approx(0.012)


def test_kernels_come_slowest_first_with_their_calls():
    def one():
        return Run(0.1, dict.fromkeys(NAMES, 0.001), {"copy": (3, 0.002), "gemm": (2, 0.01)})

    kernels = profile(one() for _ in range(4)).kernels
    assert [(kernel.name, kernel.calls) for kernel in kernels] == [("gemm", 2), ("copy", 3)]
    assert kernels[0].times.median == 0.01


def test_time_counted_twice_is_found():
    check(run(seconds=0.0125))
    with pytest.raises(ProfileError, match="counted twice"):
        check(run(seconds=0.0125, conv2d_1=0.003))


def test_a_layer_without_a_time_is_named_but_flatten_may_do_nothing():
    found = profile(itertools.repeat(run(flatten=None)))
    assert found.layers["flatten"].median == 0
    with pytest.raises(ProfileError, match="no time for conv2d_3, dense"):
        check(run(conv2d_3=None, dense=None))


def test_a_gpu_without_counters_is_found_by_its_zeros():
    with pytest.raises(ProfileError, match="no time for conv2d, conv2d_1, max_pooling2d"):
        check(run(each=0.0))


def test_a_layer_of_another_network_is_refused():
    with pytest.raises(ProfileError, match="attention"):
        check(run(attention=0.0))
