"""The toy CNN on a small device: an exported file, run by a small runtime without a framework.

A file takes the bytes of one image as a camera gives them, ``images`` uint8 (1, 64, 64, 3), rows
first, red, green, blue; it gives ``logits`` float32 (1, 200). The division by 255 and PyTorch's
order of the axes are in the file, so that a program on the device can get neither wrong. Softmax is
left out: it changes no order, and in eight bits most of 200 probabilities would be rounded to 0.

``.tflite`` files come from ``labcode.tensorflow`` and are run by LiteRT, ``.onnx`` files from
``labcode.pytorch`` and are run by ONNX Runtime; the extra ``edge`` brings both runtimes.
"""

import importlib
import os
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType

import numpy as np

from labcode import metrics, timing
from labcode.batches import check_images
from labcode.errors import LabcodeError, QuantisationError
from labcode.quiet import quiet
from labcode.toycnn import CLASSES, INPUT_SHAPE

PRECISIONS = ("float32", "int8")

Run = Callable[[np.ndarray], np.ndarray]


class EdgeModel:
    """An exported file, opened in its runtime; what ``load_edge`` gives.

    ``path`` is the file, ``runtime`` the name and version of what runs it, ``threads`` how many
    threads one image is computed with.
    """

    def __init__(self, path: Path, runtime: str, threads: int, run_one: Run) -> None:
        self.path, self.runtime, self.threads, self._run_one = path, runtime, threads, run_one

    def run(self, images: np.ndarray) -> np.ndarray:
        """Logits float32 (N, 200) of ``images`` uint8 (N, 64, 64, 3), computed one by one.

        DataError when the images have another shape or dtype.
        """
        check_images(images)
        logits = np.empty((len(images), CLASSES), np.float32)
        for row, image in zip(logits, images, strict=True):
            row[:] = self._run_one(np.ascontiguousarray(image[None]))[0]
        return logits


@dataclass(frozen=True)
class EdgeMeasurement:
    """What one exported file is like on this machine.

    ``bytes`` is the size of the file; ``seconds`` are the latencies of one image, warm-up left out,
    in the order taken. ``top1`` and ``top5`` are fractions of 1 over ``images`` images. Against
    reference logits, ``largest_difference`` is the largest absolute difference of a logit and
    ``same_class`` the share of images with the same first class; both None without a reference.
    """

    file: str
    runtime: str
    bytes: int
    threads: int
    seconds: tuple[float, ...]
    images: int
    top1: float
    top5: float
    largest_difference: float | None
    same_class: float | None

    @property
    def median(self) -> float:
        """Seconds for one image: half of the runs were faster."""
        return statistics.median(self.seconds)

    def asdict(self) -> dict:
        """All figures, ``median`` among them, as a plain dict for JSON."""
        return asdict(self) | {"seconds": list(self.seconds), "median": self.median}


def load_edge(path: str | os.PathLike, threads: int = 1) -> EdgeModel:
    """Open an exported ``.tflite`` or ``.onnx`` file in its runtime; imports no framework.

    LabcodeError when the file is missing, damaged, or takes and gives other arrays than this
    module's files do, when its runtime is not installed, and for fewer than one thread.
    """
    path = Path(path)
    if path.suffix not in _RUNTIMES:
        raise LabcodeError(
            f"{path.name} has no runtime here: give a file that ends in {' or '.join(_RUNTIMES)}"
        )
    if not path.is_file():
        raise LabcodeError(f"there is no file {path}; write it with export_edge first")
    if not (isinstance(threads, int) and threads >= 1):
        raise LabcodeError(f"an image takes at least one thread, not {threads!r}")
    title, package, module, opener = _RUNTIMES[path.suffix]
    runtime = need(module, package)
    try:
        with quiet():
            takes, gives, run_one = opener(runtime, path, threads)
    except Exception as error:  # Each runtime has error classes of its own.
        raise LabcodeError(
            f"{title} cannot open {path.name} ({str(error).strip()}); export it again"
        ) from error
    wanted = f"uint8 {(1, *INPUT_SHAPE)}", f"float32 {(1, CLASSES)}"
    if (takes, gives) != wanted:
        raise LabcodeError(
            f"{path.name} takes {takes} and gives {gives}, instead of {' and '.join(wanted)}; "
            "export it with export_edge"
        )
    return EdgeModel(path, f"{title} {metadata.version(package)}", threads, run_one)


def measure(
    path: str | os.PathLike,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    reference: np.ndarray | None = None,
    threads: int = 1,
    repeats: int = 30,
) -> EdgeMeasurement:
    """Size, latency and accuracy of the exported file ``path``, in this process, on the CPU.

    ``images`` uint8 (N, 64, 64, 3) with ``labels`` (N,) are run one by one; the first of them,
    ``repeats`` times more, for the latency. ``reference`` are logits float32 (N, 200) to compare
    with, as ``predict_logits`` of either room gives them. Errors: those of ``load_edge`` and
    ``EdgeModel.run``, and LabcodeError where there are no images or arrays differ in length.
    """
    if not len(images) == len(labels) == len(images if reference is None else reference) > 0:
        raise LabcodeError(
            f"{len(images)} images, {len(labels)} labels and "
            f"{'no' if reference is None else len(reference)} reference logits do not belong "
            "together: give one of each for every image, and at least one image"
        )
    model = load_edge(path, threads)
    times = timing.measure(lambda: model.run(images[:1]), repeats=repeats)
    logits = model.run(images)
    found = metrics.evaluation(logits, np.asarray(labels))
    difference = same = None
    if reference is not None:
        difference = float(np.abs(logits - reference).max())
        same = float(np.mean(logits.argmax(axis=1) == reference.argmax(axis=1)))
    size = model.path.stat().st_size
    return EdgeMeasurement(
        model.path.name,
        model.runtime,
        size,
        threads,
        times.seconds,
        len(images),
        found.top1,
        found.top5,
        difference,
        same,
    )


def target(path: str | os.PathLike, suffix: str) -> Path:
    """Where an exporter writes: ``path`` with its own ``suffix``, which may be left out."""
    path = Path(path)
    if path.suffix not in ("", suffix):
        raise LabcodeError(
            f"this exporter writes {suffix} files, not {path.suffix}: leave the ending of "
            f"{path.name} out, and it is added"
        )
    return path.with_suffix(suffix)


def calibration_images(precision: str, calibration: np.ndarray | None) -> np.ndarray | None:
    """The images that the ranges of int8 maps are taken from; None for float32.

    Two corner bytes of the first one are set to 0 and 255 unless these occur anyway: a byte's range
    is known, and with it the input's scale is 1/255, so that bytes need no conversion.

    QuantisationError for an unknown precision and for int8 without images; DataError when the
    images are not uint8 (N, 64, 64, 3).
    """
    if precision not in PRECISIONS:
        raise QuantisationError(f"an exported file is {' or '.join(PRECISIONS)}, not {precision!r}")
    if precision == "float32":
        return None
    if calibration is None or not len(calibration):
        raise QuantisationError(
            "int8 needs images to take the maps' ranges from: give some hundred training images as "
            "calibration=, uint8 (N, 64, 64, 3)"
        )
    check_images(calibration)
    images = np.array(calibration)
    if images.min() > 0:
        images[0, 0, 0] = 0
    if images.max() < 255:
        images[0, -1, -1] = 255
    return images


def need(module: str, package: str) -> ModuleType:
    """Import ``module``; LabcodeError says which package and which extra bring it."""
    try:
        with quiet():
            return importlib.import_module(module)
    except ImportError as error:
        raise LabcodeError(
            f"{package} is missing here ({error}). It is in labcode's extra `edge`: type "
            f"pip install '.[edge]' in labcode's source folder, or pip install {package}"
        ) from error


def _litert(runtime: ModuleType, path: Path, threads: int) -> tuple[str, str, Run]:
    interpreter = runtime.Interpreter(model_path=str(path), num_threads=threads)
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run_one(image: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(source["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(sink["index"])

    takes, gives = (
        f"{np.dtype(end['dtype'])} {tuple(map(int, end['shape']))}" for end in (source, sink)
    )
    scale, zero = source["quantization"]
    if scale and (zero or abs(scale * 255 - 1) > 1e-5):
        takes += f" that stand for {scale:.6g} * (q - {zero})"
    return takes, gives, run_one


def _onnx(runtime: ModuleType, path: Path, threads: int) -> tuple[str, str, Run]:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # An x86 processor without VNNI adds two products of bytes in 16 bits, which overflow unnoticed.
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (source,), (sink,) = session.get_inputs(), session.get_outputs()
    names = {"tensor(uint8)": "uint8", "tensor(float)": "float32"}
    takes, gives = (f"{names.get(end.type, end.type)} {tuple(end.shape)}" for end in (source, sink))
    return takes, gives, lambda image: session.run([sink.name], {source.name: image})[0]


_RUNTIMES = {
    ".tflite": ("LiteRT", "ai-edge-litert", "ai_edge_litert.interpreter", _litert),
    ".onnx": ("ONNX Runtime", "onnxruntime", "onnxruntime", _onnx),
}
