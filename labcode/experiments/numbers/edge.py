"""Numbers of the study of small devices."""

from labcode.experiments.quantities import Results, quantity
from labcode.frameworks import FRAMEWORKS


def _outcome(results: Results, framework: str, precision: str) -> dict:
    wanted = {"framework": framework, "precision": precision}
    [found] = [
        run for run in results.study("edge") if {key: run.record[key] for key in wanted} == wanted
    ]
    return found.outcome


def _ratio(framework: str, figure: str):
    def formula(results: Results) -> float:
        small, whole = (_outcome(results, framework, p)[figure] for p in ("int8", "float32"))
        return small / whole

    return formula


def _loss(framework: str):
    """Accuracy in int8 less the original's, as a fraction of the images."""

    def formula(results: Results) -> float:
        found = _outcome(results, framework, "int8")
        return found["top1"] - found["original_top1"]

    return formula


for _framework in FRAMEWORKS:
    quantity(f"edge.{_framework}.size-ratio")(_ratio(_framework, "file_bytes"))
    quantity(f"edge.{_framework}.int8-time")(_ratio(_framework, "latency_seconds"))
    quantity(f"edge.{_framework}.int8-loss")(_loss(_framework))


@quantity("edge.faster-runtime")
def faster_runtime(results: Results) -> float:
    """The slower runtime's time for an image in float32 over the faster one's."""
    times = [_outcome(results, key, "float32")["latency_seconds"] for key in FRAMEWORKS]
    return max(times) / min(times)
