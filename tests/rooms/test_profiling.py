"""A profile has every layer once and leaves no trace in the model; MACs are as the table says."""

import numpy as np
import pytest

from labcode.errors import ProfileError
from labcode.roofline import Peak
from labcode.toycnn import LAYERS
from labcode.trace import kernel_spans, layer_spans, read_trace
from labcode.weights import initial_weights

NAMES = [layer.name for layer in LAYERS]


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def profile(room, images, tmp_path_factory):
    """A profile of two images on the CPU, and the file of its trace."""
    path = tmp_path_factory.mktemp("trace") / "trace.json.gz"
    model = room.build_model(initial_weights())
    return room.profile_layers(model, images, repeats=3, device="cpu", trace=path), path


def test_every_layer_has_a_time_and_together_they_fit_into_the_pass(profile):
    found, _ = profile
    assert (found.batch, found.device) == (2, "cpu")
    assert list(found.layers) == NAMES
    for layer in LAYERS:
        times = found.layers[layer.name]
        assert len(times.seconds) == 3
        # Where the map lies in memory as flatten wants it, nothing is left to do.
        assert times.low > 0 or layer.kind == "flatten"
    assert found.overhead == pytest.approx(found.end_to_end.median - found.layer_sum)


def test_kernels_are_what_the_framework_ran(profile):
    found, _ = profile
    names = " ".join(kernel.name.lower() for kernel in found.kernels)
    assert "conv" in names and "pool" in names
    for number in range(3):
        by_kernels = sum(kernel.times.seconds[number] for kernel in found.kernels)
        by_layers = sum(times.seconds[number] for times in found.layers.values())
        # What a layer's range holds besides its kernels is the framework's own work.
        assert 0 < by_kernels < 1.1 * by_layers


def test_the_trace_is_a_file_that_shows_each_layer_and_names_no_machine(profile):
    found, path = profile
    shown = {span.name for span in layer_spans(path)}
    assert shown == {name for name in NAMES if found.layers[name].median > 0}
    starts = [span.start for span in layer_spans(path) if span.name == "conv2d_1"]
    assert starts[0] > 0 and len(kernel_spans(path)) >= len(NAMES) - 1
    assert "host_name" not in read_trace(path) and "traceName" not in read_trace(path)


def test_a_fault_in_the_reading_is_found(room, images, monkeypatch):
    """Each layer's time counted twice: what nested ranges or derived lines would do."""
    from dataclasses import replace

    profiling = room.profiling
    name = "_read" if hasattr(profiling, "_read") else "read_run"
    honest = getattr(profiling, name)

    def twice(*arguments, **options):
        run = honest(*arguments, **options)
        return replace(run, layers={key: 1000 * value for key, value in run.layers.items()})

    monkeypatch.setattr(profiling, name, twice)
    with pytest.raises(ProfileError, match="counted twice"):
        room.profile_layers(room.build_model(), images, repeats=1, device="cpu")


def test_a_model_that_is_another_is_refused(room, images):
    if room.__name__.endswith("pytorch"):
        from torch import nn

        other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten())
    else:
        import keras

        other = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Conv2D(4, 3, name="c")])
    with pytest.raises(ProfileError, match="no time for conv2d"):
        room.profile_layers(other, images, repeats=1, device="cpu")


def test_dropout_belongs_to_its_dense_layer(room, images):
    model = room.build_model(initial_weights(), dropout=0.5)
    found = room.profile_layers(model, images, repeats=1, device="cpu")
    assert list(found.layers) == NAMES


def test_the_frameworks_own_counters_find_the_macs_of_the_table(room):
    model = room.build_model(initial_weights(), dropout=0.5)
    assert room.count_macs(model) == {layer.name: layer.macs for layer in LAYERS}


def test_the_peak_is_measured(room):
    peak = room.measure_peak(device="cpu", repeats=2)
    assert isinstance(peak, Peak)
    # Far below the slowest and above the fastest processor that this will run on.
    assert 1e8 < peak.macs_per_second < 1e14
    assert 1e8 < peak.bytes_per_second < 1e13


def test_pytorchs_model_comes_back_without_hooks_in_its_mode(rooms, images):
    import torch

    model = rooms["pytorch"].build_model(initial_weights()).train()
    model.dense.eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    rooms["pytorch"].profile_layers(model, images, repeats=1, device="cpu")

    def broken(*_):
        raise RuntimeError("in the middle of a pass")

    handle = model.conv2d_3.register_forward_hook(broken)
    with pytest.raises(RuntimeError, match="middle"):
        rooms["pytorch"].profile_layers(model, images, repeats=1, device="cpu")
    handle.remove()
    for module in model.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
    assert model.training and model.conv2d.training and not model.dense.training
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())


def test_pytorchs_ranges_on_a_gpu_have_the_time_of_their_kernels_once(rooms):
    """Events as torch.profiler gives them on a GPU, where a range is drawn on both time lines."""
    from types import SimpleNamespace

    from torch.autograd import DeviceType
    from torch.autograd.profiler_util import Interval

    def event(name, device, start, end, launched=0.0, named=False):
        return SimpleNamespace(
            name=name,
            device_type=device,
            is_user_annotation=named,
            time_range=Interval(start, end),
            device_time_total=launched or end - start,
            self_cpu_time_total=end - start,
        )

    events = [
        event("conv2d", DeviceType.CPU, 0, 20, launched=300, named=True),
        event("aten::conv2d", DeviceType.CPU, 2, 18, launched=300),
        event("cudaLaunchKernel", DeviceType.CPU, 5, 9, launched=300),
        event("conv2d", DeviceType.CUDA, 10, 310, named=True),
        event("implicit_gemm", DeviceType.CUDA, 10, 310),
    ]
    run = rooms["pytorch"].profiling._read(events, 1e-3, on_gpu=True)
    assert run.layers == {"conv2d": pytest.approx(300e-6)}
    assert run.kernels == {"implicit_gemm": (1, pytest.approx(300e-6))}
