"""TensorFlow's own trace, an XSpace, as times of layers and kernels and as Trace Event JSON.

An XSpace holds planes (the host, each device), a plane lines (threads, streams), a line events: a
name, an offset and a duration in picoseconds. On the host an event that runs an operation is called
``scope/.../name:Type``; on a GPU it has the kernel's name, and the operation that launched it
stands in its statistic ``tf_op``. The outermost scope is the layer. TensorFlow is not imported.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labcode.profiling import Run
from labcode.toycnn import LAYERS
from labcode.trace import ANNOTATION, KERNEL

_NAMES = {layer.name for layer in LAYERS}
_GPU = "/device:GPU"
_HOST = "/host:CPU"
_OPERATION = re.compile(r"([\w.-]+)(?:/[\w./-]*)?:(\w+)$")
"""``layer/.../name:Type``; other events of the host have spaces or two colons in their names."""


@dataclass(frozen=True)
class Operation:
    """An operation that ran: its layer (None outside of all), its kernel, its place and time."""

    layer: str | None
    kernel: str
    plane: int
    line: int
    start: float
    seconds: float


def operations(space, on_gpu: bool = False) -> Iterator[Operation]:
    """The operations in ``space``: those on the host's threads, or the kernels in a GPU's streams.

    A GPU's plane may hold derived lines besides its streams, which show the same time once more.
    """
    for number, plane in enumerate(space.planes):
        if not plane.name.startswith(_GPU if on_gpu else _HOST):
            continue
        for line in plane.lines:
            if on_gpu and not line.name.startswith("Stream"):
                continue
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                origin = _origin(plane, event) if on_gpu else name
                match = _OPERATION.match(origin)
                if match is None:
                    continue
                layer, kind = match.groups()
                yield Operation(
                    layer if layer in _NAMES else None,
                    name if on_gpu else kind,
                    number,
                    line.id,
                    line.timestamp_ns / 1e9 + event.offset_ps / 1e12,
                    event.duration_ps / 1e12,
                )


def read_run(space, seconds: float, on_gpu: bool = False) -> Run:
    """The times of layers and kernels in ``space``, the trace of one pass of ``seconds``."""
    layers: dict[str, float] = {}
    kernels: dict[str, tuple[int, float]] = {}
    for one in operations(space, on_gpu):
        if one.layer is not None:
            layers[one.layer] = layers.get(one.layer, 0) + one.seconds
        calls, before = kernels.get(one.kernel, (0, 0))
        kernels[one.kernel] = calls + 1, before + one.seconds
    return Run(seconds, layers, kernels)


def to_trace(space) -> dict:
    """``space`` in the Trace Event format: a process for each plane, a thread for each line.

    A process of its own, ``layers``, shows the operations once more under their layer's name;
    reading a layer's variables, which happens for all layers before the first one runs, left out.
    """
    on_gpu = any(plane.name.startswith(_GPU) for plane in space.planes)
    first = min((line.timestamp_ns for plane in space.planes for line in plane.lines), default=0)
    events: list[dict] = []
    for pid, plane in enumerate(space.planes, start=1):
        if plane.lines:
            events.append(_named("process_name", pid, 0, plane.name))
        for tid, line in enumerate(plane.lines):
            events.append(_named("thread_name", pid, tid, line.name or f"line {line.id}"))
            for event in line.events:
                if event.duration_ps:
                    name = plane.event_metadata[event.metadata_id].name
                    start = line.timestamp_ns - first + event.offset_ps / 1e3
                    category = KERNEL if _is_kernel(plane, line, name, on_gpu) else "other"
                    events.append(_complete(name, category, pid, tid, start, event.duration_ps))
    events.append(_named("process_name", 0, 0, "layers"))
    for one in operations(space, on_gpu):
        if one.layer is not None and one.kernel != "ReadVariableOp":
            start = 1e9 * one.start - first
            events.append(_complete(one.layer, ANNOTATION, 0, 0, start, 1e12 * one.seconds))
    return {"displayTimeUnit": "ms", "traceEvents": events}


def _is_kernel(plane, line, name: str, on_gpu: bool) -> bool:
    """With a GPU the kernels run there, and the host's operations only launch them."""
    if on_gpu:
        return plane.name.startswith(_GPU) and line.name.startswith("Stream")
    return _OPERATION.match(name) is not None


def _origin(plane, event) -> str:
    """The operation that launched a kernel; the statistic is a string or a reference to one."""
    for stat in event.stats:
        if plane.stat_metadata[stat.metadata_id].name == "tf_op":
            return stat.str_value or plane.stat_metadata[stat.ref_value].name
    return ""


def _named(what: str, pid: int, tid: int, name: str) -> dict:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "args": {"name": name}}


def _complete(name: str, category: str, pid: int, tid: int, start_ns: float, ps: float) -> dict:
    place = {"pid": pid, "tid": tid, "ts": start_ns / 1e3, "dur": ps / 1e6}
    return {"ph": "X", "name": name, "cat": category, **place}
