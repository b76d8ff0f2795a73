"""Joules: measured where the machine has a counter, estimated for the toy CNN, never made up."""

from labcode.energy.estimate import FLOAT32, INT8, LayerEnergy, estimate
from labcode.energy.finding import find_meter
from labcode.energy.meter import Energy, Meter, NotMeasurable
from labcode.energy.runs import PerRun, energy_per_run, idle_watts

__all__ = [
    "FLOAT32",
    "INT8",
    "Energy",
    "LayerEnergy",
    "Meter",
    "NotMeasurable",
    "PerRun",
    "energy_per_run",
    "estimate",
    "find_meter",
    "idle_watts",
]
