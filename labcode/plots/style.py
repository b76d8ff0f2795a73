"""One style for every figure: fonts, grid and paper that read in print, on a phone, in the dark."""

import matplotlib.pyplot as plt

plt.rcParams.update(
    {
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "grid.alpha": 0.3,
        "image.interpolation": "nearest",
    }
)
