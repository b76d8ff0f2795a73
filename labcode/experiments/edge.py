"""The shipped checkpoint exported for a small device and run by its runtime, measured."""

import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from labcode import edge, metrics
from labcode.experiments.records import Edge
from labcode.experiments.training import open_view
from labcode.weights import shipped_weights


def run(record: Edge, turn: Callable[[], None] | None = None) -> tuple[dict, dict]:
    """The outcome and the data set's description.

    The training images of the view calibrate int8; its validation images are classified by the
    framework in float32 and by the runtime. Takes no turns: the runtime works by itself.
    """
    room = importlib.import_module(f"labcode.{record.framework}")
    data, weights = open_view(record.view), shipped_weights(record.view.name)
    images, labels = data.val.images, data.val.labels
    reference = room.predict_logits(room.build_model(weights), images)
    original = metrics.evaluation(reference, labels)
    with tempfile.TemporaryDirectory() as folder:
        path = room.export_edge(
            weights,
            Path(folder) / "toycnn",
            precision=record.precision,
            calibration=data.train.images,
        )
        found = edge.measure(
            path,
            images,
            labels,
            reference=reference,
            threads=record.threads,
            repeats=record.repeats,
        ).asdict()
    outcome = {
        "file_bytes": found.pop("bytes"),
        "latency_seconds": found.pop("median"),
        **found,
        "original_top1": original.top1,
        "original_top5": original.top5,
        "calibration_images": len(data.train),
    }
    return outcome, data.describe()
