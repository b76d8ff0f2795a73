"""Traces are read whether compressed or not, and what is no trace is said to be none."""

import gzip
import json

import pytest
from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

from labcode.errors import ProfileError
from labcode.trace import kernel_spans, layer_spans, read_trace, write_trace
from labcode.xplane import read_run, to_trace


def event(name, category, start, length, tid=1):
    return {
        "ph": "X",
        "name": name,
        "cat": category,
        "pid": 1,
        "tid": tid,
        "ts": start,
        "dur": length,
    }


TRACE = {
    "host_name": "somebodys-laptop",
    "traceEvents": [
        {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "python"}},
        event("aten::conv2d", "cpu_op", 1010, 80),
        event("conv2d", "user_annotation", 1000, 100),
        event("aten::convolution", "cpu_op", 1020, 60),
        event("aten::relu", "cpu_op", 1110, 10),
        event("conv2d", "user_annotation", 1105, 20),
        event("my own range", "user_annotation", 1105, 20),
    ],
}


def test_a_trace_is_read_back_without_the_name_of_its_machine(tmp_path):
    path = write_trace(tmp_path / "trace.json.gz", TRACE)
    assert read_trace(path) == {"traceEvents": TRACE["traceEvents"]}
    plain = tmp_path / "plain.json"
    plain.write_text(json.dumps(TRACE))
    assert layer_spans(plain) == layer_spans(path)


def test_layers_start_at_zero_and_the_outermost_operators_count(tmp_path):
    path = write_trace(tmp_path / "trace.json.gz", TRACE)
    found = [(span.name, span.start, span.seconds) for span in layer_spans(path)]
    assert found == [
        ("conv2d", 0, pytest.approx(1e-4)),
        ("conv2d", pytest.approx(1.05e-4), pytest.approx(2e-5)),
    ]
    assert [span.name for span in kernel_spans(path)] == ["aten::conv2d", "aten::relu"]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (None, "there is no trace"),
        (b"not json", "not a trace"),
        (gzip.compress(b'{"traceEvents": []}', mtime=0)[:-6], "not a trace"),
        (b'{"events": []}', "not a trace"),
        (b"[1, 2]", "not a trace"),
        (b'{"traceEvents": 3}', "no list"),
        (b'{"traceEvents": []}', "no layer of the toy CNN"),
    ],
)
def test_what_is_no_trace_is_said_to_be_none(tmp_path, data, complaint):
    path = tmp_path / "trace.json.gz"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ProfileError, match=complaint):
        layer_spans(path)


def space_of(planes) -> XSpace:
    """An XSpace of plane name -> line name -> [(event name, start us, length us, tf_op)]."""
    space = XSpace()
    for plane_name, lines in planes.items():
        plane = space.planes.add(name=plane_name)
        plane.stat_metadata[1].name = "tf_op"
        for line_name, events in lines.items():
            line = plane.lines.add(name=line_name, timestamp_ns=5_000)
            for name, start, length, *origin in events:
                number = len(plane.event_metadata) + 1
                plane.event_metadata[number].name = name
                one = line.events.add(
                    metadata_id=number, offset_ps=start * 10**6, duration_ps=length * 10**6
                )
                if origin:
                    # As the GPU's collector does: the string lies in the table of names.
                    plane.stat_metadata[number + 1].name = origin[0]
                    one.stats.add(metadata_id=1, ref_value=number + 1)
    return space


HOST = {
    "/host:CPU": {
        "python": [("EagerLocalExecute: __inference_forward_9", 0, 500), ("forward", 0, 500)],
        "tf_Compute/1": [
            ("conv2d/conv2d_1/convolution/ReadVariableOp:ReadVariableOp", 1, 1),
            ("ExecutorState::Process", 3, 200),
            ("conv2d/conv2d_1/Relu:_FusedConv2D", 10, 100),
            ("dense_1/MatMul:MatMul", 120, 40),
            ("elsewhere/Cast:Cast", 170, 5),
        ],
    }
}


def test_operations_of_the_host_belong_to_their_outermost_scope():
    run = read_run(space_of(HOST), 0.5)
    assert run.layers == {"conv2d": pytest.approx(101e-6), "dense_1": pytest.approx(40e-6)}
    assert run.kernels == {
        "ReadVariableOp": (1, pytest.approx(1e-6)),
        "_FusedConv2D": (1, pytest.approx(100e-6)),
        "MatMul": (1, pytest.approx(40e-6)),
        "Cast": (1, pytest.approx(5e-6)),
    }


GPU = {
    **HOST,
    "/device:GPU:0 (made up)": {
        "Stream #13(Kernel)": [
            ("implicit_gemm", 20, 30, "conv2d/conv2d_1/Conv2D:Conv2D"),
            ("relu_kernel", 50, 6, "conv2d/conv2d_1/Relu:Relu"),
            ("MemcpyH2D", 60, 9),
        ],
        # A line that the viewer's own processing adds must not count once more.
        "TensorFlow Ops": [("Conv2D", 20, 30, "conv2d/conv2d_1/Conv2D:Conv2D")],
    },
}


def test_kernels_of_a_gpu_belong_to_the_operation_that_launched_them():
    run = read_run(space_of(GPU), 0.5, on_gpu=True)
    assert run.layers == {"conv2d": pytest.approx(36e-6)}
    assert set(run.kernels) == {"implicit_gemm", "relu_kernel"}


@pytest.mark.parametrize(
    ("planes", "kernels", "layers"),
    [(HOST, 4, ["conv2d", "dense_1"]), (GPU, 3, ["conv2d", "conv2d"])],
)
def test_an_xspace_becomes_a_trace_that_opens(tmp_path, planes, kernels, layers):
    path = write_trace(tmp_path / "trace.json.gz", to_trace(space_of(planes)))
    assert [span.name for span in layer_spans(path)] == layers
    assert len(kernel_spans(path)) == kernels
    for one in read_trace(path)["traceEvents"]:
        assert {"ph", "name", "pid", "tid"} <= set(one)
        assert one["ph"] == "M" or one["ts"] >= 0 and one["dur"] > 0
