"""Traces as files that chrome://tracing and Perfetto open: the Trace Event format, JSON in gzip.

A complete event has a name, a category, a process, a thread, a start ``ts`` and a duration ``dur``
in microseconds (Google, Trace Event Format). The layers of the toy CNN are events of the category
``user_annotation``, as torch.profiler calls ranges that the program has named itself.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from labcode.errors import ProfileError
from labcode.files import atomic_write
from labcode.toycnn import LAYERS

ANNOTATION = "user_annotation"
KERNEL = "kernel"
# Where a file was made is nobody's business.
_PRIVATE = ("host_name", "traceName")


@dataclass(frozen=True)
class Span:
    """One event of a trace on the time line: start and length in seconds since its first event."""

    name: str
    category: str
    row: str
    start: float
    seconds: float


def write_trace(path: str | Path, trace: dict) -> Path:
    """Write ``trace``, a dict with ``traceEvents``, as compressed JSON; the same gives the same."""
    public = {key: value for key, value in trace.items() if key not in _PRIVATE}
    atomic_write(path, gzip.compress(json.dumps(public).encode(), mtime=0))
    return Path(path)


def read_trace(path: str | Path) -> dict:
    """The trace in the file ``path``, compressed or not; ProfileError when there is none in it."""
    path = Path(path)
    if not path.is_file():
        raise ProfileError(
            f"there is no trace {path}; write one with profile_layers(..., trace={path.name!r})"
        )
    data = path.read_bytes()
    try:
        trace = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        events = trace["traceEvents"]
    except (ValueError, OSError, EOFError, KeyError, TypeError) as error:
        raise ProfileError(
            f"{path} is not a trace in the Trace Event format ({error!r}); was it written whole?"
        ) from error
    if not isinstance(events, list):
        raise ProfileError(f"{path} is not a trace: its traceEvents are no list")
    return trace


def spans(path: str | Path) -> list[Span]:
    """The complete events of the trace ``path`` in the order of their start, times in seconds.

    Raises ProfileError when the trace shows no layer of the toy CNN.
    """
    events = [event for event in read_trace(path)["traceEvents"] if event.get("ph") == "X"]
    names = {layer.name for layer in LAYERS}
    first = min(
        (e["ts"] for e in events if e.get("cat") == ANNOTATION and e["name"] in names), default=None
    )
    if first is None:
        raise ProfileError(f"the trace {path} shows no layer of the toy CNN")
    found = [
        Span(
            event["name"],
            event.get("cat", ""),
            f"{event['pid']}/{event['tid']}",
            (event["ts"] - first) / 1e6,
            event.get("dur", 0) / 1e6,
        )
        for event in events
    ]
    return sorted(found, key=lambda span: span.start)


def layer_spans(path: str | Path) -> list[Span]:
    """The events of the trace ``path`` that are layers of the toy CNN, in the order of their start.

    A layer may have several: its convolution and its ReLU, where they run one after the other.
    """
    names = {layer.name for layer in LAYERS}
    return [span for span in spans(path) if span.category == ANNOTATION and span.name in names]


def kernel_spans(path: str | Path) -> list[Span]:
    """The kernels in the trace ``path``, in the order of their start.

    On a CPU torch.profiler records operators that call each other; the outermost count.
    """
    found = spans(path)
    kernels = [span for span in found if span.category == KERNEL]
    if kernels:
        return kernels
    outermost: list[Span] = []
    for span in found:
        inside = outermost and span.start < outermost[-1].start + outermost[-1].seconds
        if span.category == "cpu_op" and not inside:
            outermost.append(span)
    return outermost
