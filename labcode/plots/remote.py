"""What runs where, when the GPU is in another building."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

_MACHINES = (
    ("your laptop", ("terminal: ssh, rsync", "browser on localhost:8888 and :6006"), "#E8EEF4"),
    ("login node: many users, no GPU", ("tmux: the session stays", "srun, sbatch: ask"), "#F3EFE4"),
    (
        "compute node: the GPU is here",
        ("Jupyter server :8888", "TensorBoard :6006", "kernel, data set, checkpoints", "GPU"),
        "#E6F2EA",
    ),
)


def show_remote_machine() -> Figure:
    """Laptop, login node and compute node under each other, with what runs on each."""
    figure, axes = plt.subplots(figsize=(4.8, 5.2))
    axes.set(xlim=(0, 10), ylim=(0.9, 12.6))
    axes.axis("off")
    top = 12.4
    for title, programs, colour in _MACHINES:
        height = 1.0 + 0.85 * ((len(programs) + 1) // 2 if len(programs) > 2 else len(programs))
        _machine(axes, top - height, height, title, programs, colour)
        top -= height + 1.5
    arrow = {"arrowstyle": "<->", "color": "black", "lw": 1.4}
    axes.annotate("", (1.6, 9.7), (1.6, 8.2), arrowprops=arrow)
    axes.annotate("", (1.6, 5.5), (1.6, 4.0), arrowprops=arrow)
    axes.text(1.9, 8.75, "ssh: commands, files", fontsize=8)
    axes.text(1.9, 4.55, "Slurm, or ssh", fontsize=8)
    tunnel = {"arrowstyle": "<->", "color": "#CC79A7", "lw": 4}
    axes.annotate("", (8.3, 9.7), (8.3, 4.0), arrowprops=tunnel)
    axes.text(
        7.6,
        8.75,
        "ssh -L: tunnel\nfor two ports",
        fontsize=8,
        ha="right",
        va="center",
        color="#8B3F6B",
    )
    return figure


def _machine(
    axes: Axes, bottom: float, height: float, title: str, programs: tuple[str, ...], colour: str
) -> None:
    box = FancyBboxPatch(
        (0.3, bottom),
        9.4,
        height,
        boxstyle="round,pad=0.05,rounding_size=0.25",
        facecolor=colour,
        edgecolor="#444444",
    )
    axes.add_patch(box)
    axes.text(0.6, bottom + height - 0.5, title, fontsize=9.5, weight="bold", va="center")
    columns = 2 if len(programs) > 2 else 1
    for number, program in enumerate(programs):
        row, column = divmod(number, columns)
        axes.text(
            0.7 + 4.6 * column,
            bottom + height - 1.25 - 0.85 * row,
            program,
            fontsize=8.5,
            va="center",
            bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "lw": 0.6},
        )
