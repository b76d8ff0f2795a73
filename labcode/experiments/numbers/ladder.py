"""The ladder in numbers, top-1 after the last epoch, in points of 100 unless said otherwise.

A switch is named as in ``studies.rungs`` with hyphens: ``batch-size``. ``ladder.gap.SWITCH`` is
PyTorch's mean minus TensorFlow's on that rung and ``ladder.gap-error.SWITCH`` its standard error;
``ladder.explained.SWITCH`` and ``ladder.explained-error.SWITCH`` are the change from the rung
before. ``ladder.top1.SWITCH.FRAMEWORK`` is a mean, ``ladder.steps.SWITCH.FRAMEWORK`` the number of
the optimiser's steps. ``ladder.last.deviation`` is the standard deviation over the seeds on the
last rung, and ``ladder.last.gap-in-deviations`` the size of its gap in these.
"""

from collections.abc import Callable

from labcode.experiments import analysis, studies
from labcode.experiments.analysis import Rung
from labcode.experiments.quantities import Results, quantity
from labcode.experiments.records import View
from labcode.frameworks import FRAMEWORKS

SWITCHES = [switch for switch, _ in studies.rungs(View("tiny-imagenet", 10, 40))]


def rungs(results: Results) -> list[Rung]:
    """The ladder of the book, from its first rung to its last."""
    return analysis.ladder(results.study("ladder"))


def _on(place: int, measure: Callable[[Rung], float]) -> Callable[[Results], float]:
    return lambda results: measure(rungs(results)[place])


def _explained(place: int, part: str) -> Callable[[Results], float]:
    def formula(results: Results) -> float:
        found = rungs(results)
        return 100 * getattr(analysis.explained(found[place - 1], found[place]), part)

    return formula


for place, switch in enumerate(SWITCHES):
    name = switch.replace(" ", "-")
    quantity(f"ladder.gap.{name}")(_on(place, lambda rung: 100 * rung.gap().value))
    quantity(f"ladder.gap-error.{name}")(_on(place, lambda rung: 100 * rung.gap().error))
    for key in FRAMEWORKS:
        quantity(f"ladder.top1.{name}.{key}")(
            _on(place, lambda rung, key=key: 100 * rung.sample(key).mean)
        )
        quantity(f"ladder.steps.{name}.{key}")(
            _on(place, lambda rung, key=key: rung.runs[key][0].outcome["fairness"]["steps"])
        )
    if place:
        quantity(f"ladder.explained.{name}")(_explained(place, "value"))
        quantity(f"ladder.explained-error.{name}")(_explained(place, "error"))

quantity("ladder.last.deviation")(_on(-1, lambda rung: 100 * rung.deviation()))
quantity("ladder.last.gap-in-deviations")(
    _on(-1, lambda rung: abs(rung.gap().value) / rung.deviation())
)
