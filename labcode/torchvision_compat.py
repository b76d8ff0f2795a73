"""Make ``import torchvision`` work beside a CPU build of torch; does nothing where it works anyway.

The package index pairs a CPU build of torch with a CUDA build of torchvision. That one finds none
of its compiled operators and fails at import with ``operator torchvision::nms does not exist``,
because it registers shape functions for two of them. Declaring the two schemas first is enough:
all of torchvision, torchmetrics and tinyimagenet then work, but for ``torchvision.ops.nms``,
``torchvision.io.decode_jpeg`` and detection models, which need the operators themselves.
"""

import importlib
import importlib.util
import sys
from typing import Any

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_keep: list[Any] = []  # torch forgets the schemas when the Library object is collected


def install() -> bool:
    """Import torchvision, declaring the missing operators if it needs them; True if it did.

    Call it before importing torchvision or anything built on it. May be called any number of
    times. Where torchvision is not installed, nothing happens; an import that fails for another
    reason raises its own error.
    """
    if _keep:
        return True
    if "torchvision" in sys.modules or importlib.util.find_spec("torchvision") is None:
        return False
    try:
        importlib.import_module("torchvision")
        return False
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
    # The failed import leaves half of its modules behind, which a second import would take for
    # whole ones.
    for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}{SCHEMA}")
    _keep.append(library)
    importlib.import_module("torchvision")
    return True
