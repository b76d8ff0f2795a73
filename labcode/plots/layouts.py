"""The order in which an array's values lie in memory, drawn as a line of boxes."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

CHANNELS = (("R", "#F4A582"), ("G", "#B8E0B0"), ("B", "#A6CEE3"))
"""Letter and fill of a colour channel; the letter says it in grey print too."""


def show_layouts(height: int = 2, width: int = 3) -> Figure:
    """The float32 values of a small RGB image in HWC and in CHW order, with their byte offsets.

    Each box is a value: its channel's letter and, below, the row and column of its pixel.
    """
    count = height * width * len(CHANNELS)
    figure, grid = plt.subplots(2, 1, figsize=(0.42 * count, 2.9), sharex=True)
    pixels = [(row, column) for row in range(height) for column in range(width)]
    hwc = [(*pixel, channel) for pixel in pixels for channel in range(len(CHANNELS))]
    chw = [(*pixel, channel) for channel in range(len(CHANNELS)) for pixel in pixels]
    for axes, label, order in zip(grid, ("HWC", "CHW"), (hwc, chw), strict=True):
        for place, (row, column, channel) in enumerate(order):
            letter, fill = CHANNELS[channel]
            axes.add_patch(Rectangle((place, 0), 1, 1, facecolor=fill, edgecolor="black"))
            text = {"ha": "center", "va": "center"}
            axes.text(place + 0.5, 0.66, letter, weight="bold", **text)
            axes.text(place + 0.5, 0.27, f"{row},{column}", fontsize=8, **text)
        axes.set(xlim=(0, count), ylim=(0, 1.05), yticks=[])
        axes.set_title(label, loc="left", fontsize=10)
        axes.grid(False)
        axes.spines["left"].set_visible(False)
    grid[1].set_xticks(range(0, count + 1, 2), [str(4 * n) for n in range(0, count + 1, 2)])
    grid[1].set_xlabel("offset in the file (bytes)")
    return figure
