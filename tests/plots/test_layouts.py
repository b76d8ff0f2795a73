"""The picture of the layouts names the very values that lie at each offset."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from labcode import plots  # noqa: E402


def test_every_box_holds_the_value_that_lies_at_its_offset():
    named = np.array([[[f"{c} {h},{w}" for c in "RGB"] for w in range(3)] for h in range(2)])
    figure = plots.show_layouts(2, 3)
    for axes, array in zip(figure.axes, (named, named.transpose(2, 0, 1)), strict=True):
        texts = [text.get_text() for text in axes.texts]
        boxes = [f"{c} {p}" for c, p in zip(texts[::2], texts[1::2], strict=True)]
        assert boxes == list(array.reshape(-1))
    plt.close(figure)
