"""Whether the times of the layers add up to the time of the whole pass.

``python -m labcode.benchmarks.profiling pytorch 5`` runs in a process of its own, as the others do.
"""

import importlib
import sys

import numpy as np

from labcode.benchmarks.verdict import verdict
from labcode.frameworks import FRAMEWORKS
from labcode.weights import initial_weights

BATCHES = (8, 20, 100)
_RUNS_A_ROUND = 3


def layers_against_end_to_end(framework: str, rounds: int) -> bool:
    """The layers' times by the framework's own profiler over the end-to-end time without one.

    On the CPU, plain and profiled passes in turn, three of each a round; the claim is within 20 %.
    On a GPU a small batch waits for its launches, and the claim is not made.
    """
    room = importlib.import_module(f"labcode.{framework}")
    model = room.build_model(initial_weights())
    rng = np.random.default_rng(0)
    holds = True
    for batch in BATCHES:
        images = rng.integers(0, 256, (batch, 64, 64, 3), dtype=np.uint8)
        profile = room.profile_layers(model, images, repeats=_RUNS_A_ROUND * rounds, device="cpu")
        print(f"{FRAMEWORKS[framework].label}, batch {batch}, {rounds} rounds of {_RUNS_A_ROUND}")
        print("  end to end:", profile.end_to_end.milliseconds())
        print(f"  layers:     {1000 * profile.layer_sum:,.2f} ms", end="")
        print(f", overhead {1000 * profile.overhead:,.2f} ms")
        for bound, at_least in ((0.8, True), (1.2, False)):
            claim = "layers over end to end"
            holds &= verdict(claim, profile.ratios, bound, at_least)
    return holds


if __name__ == "__main__":
    sys.exit(0 if layers_against_end_to_end(sys.argv[1], int(sys.argv[2])) else 3)
