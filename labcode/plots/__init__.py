"""Figures of the book, drawn for reading in print, on a phone and in the dark theme."""

from labcode.plots import style  # noqa: F401  (sets matplotlib's defaults)
from labcode.plots.images import show_confidences, show_grid, show_image

__all__ = ["show_confidences", "show_grid", "show_image"]
