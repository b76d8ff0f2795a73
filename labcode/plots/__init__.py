"""Figures of the book, drawn for reading in print, on a phone and in the dark theme."""

from labcode.plots import style  # noqa: F401  (sets matplotlib's defaults)
from labcode.plots.curves import show_curves, show_runs
from labcode.plots.energy import show_layer_energy
from labcode.plots.images import show_confidences, show_grid, show_image
from labcode.plots.layouts import show_layouts
from labcode.plots.maps import show_depth, show_kernels, show_maps, show_values
from labcode.plots.network import show_memory, show_network
from labcode.plots.profile import (
    show_batches,
    show_layer_times,
    show_roofline,
    show_shares,
    show_trace,
)
from labcode.plots.quantise import show_accuracy_over_bits, show_ranges
from labcode.plots.remote import show_remote_machine

__all__ = [
    "show_accuracy_over_bits",
    "show_batches",
    "show_confidences",
    "show_curves",
    "show_depth",
    "show_grid",
    "show_image",
    "show_kernels",
    "show_layer_energy",
    "show_layer_times",
    "show_layouts",
    "show_maps",
    "show_memory",
    "show_network",
    "show_ranges",
    "show_remote_machine",
    "show_roofline",
    "show_runs",
    "show_shares",
    "show_trace",
    "show_values",
]
