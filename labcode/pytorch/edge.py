"""From PyTorch to a small device: an ONNX file, whose int8 form is calibrated by ONNX Runtime."""

import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from labcode import edge
from labcode.files import atomic_write
from labcode.pytorch.batches import to_input
from labcode.pytorch.model import build_model
from labcode.quiet import quiet
from labcode.toycnn import INPUT_SHAPE


def export_edge(
    weights: Mapping[str, np.ndarray],
    path: str | os.PathLike,
    *,
    precision: str = "float32",
    calibration: np.ndarray | None = None,
) -> Path:
    """Write the toy CNN with ``weights`` (canonical) as an ``.onnx`` file; returns its path.

    The file takes uint8 (1, 64, 64, 3) and gives float32 logits (1, 200); ``labcode.edge`` runs it.
    The ending may be left out of ``path``. With ``precision="int8"`` kernels (one scale for each
    output channel) and maps are rounded to eight bits, and the maps' ranges are their smallest and
    largest values over ``calibration``, uint8 (N, 64, 64, 3); it is not read for float32.

    WeightsError, DataError and QuantisationError tell what does not fit; LabcodeError names a
    package that is missing, or an ending of another format.
    """
    path = edge.target(path, ".onnx")
    images = edge.calibration_images(precision, calibration)
    content = _onnx(build_model(weights))
    atomic_write(path, content if images is None else _int8(content, images))
    return path


class _FromBytes(nn.Module):
    """The network with the way from bytes to its input in front."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(to_input(images))


def _onnx(network: nn.Module) -> bytes:
    for package in ("onnx", "onnxscript"):
        edge.need(package, package)
    example = torch.zeros((1, *INPUT_SHAPE), dtype=torch.uint8)
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # About PyTorch's own code, which nobody here can change.
        program = torch.onnx.export(
            _FromBytes(network).eval(),
            (example,),
            dynamo=True,
            input_names=["images"],
            output_names=["logits"],
            external_data=False,
            verbose=False,
        )
    model = program.model_proto
    # PyTorch notes at each node which lines of which files of this machine it came from.
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model.SerializeToString()


def _int8(content: bytes, images: np.ndarray) -> bytes:
    quantization = edge.need("onnxruntime.quantization", "onnxruntime")

    class Reader(quantization.CalibrationDataReader):
        """Gives one image at a time, as the file takes them."""

        def __init__(self) -> None:
            self.rest = iter(images)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.rest, None)
            return None if image is None else {"images": image[None]}

    with tempfile.TemporaryDirectory() as folder, quiet():
        plain, prepared, rounded = (Path(folder) / f"{i}.onnx" for i in range(3))
        plain.write_bytes(content)
        quantization.quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantization.quantize_static(
            prepared,
            rounded,
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            weight_type=quantization.QuantType.QInt8,
            activation_type=quantization.QuantType.QUInt8,
            # Relu among them lets its map be rounded once, behind it, and not before it as well.
            op_types_to_quantize=["Conv", "Relu", "MaxPool", "Reshape", "Gemm"],
        )
        return rounded.read_bytes()
