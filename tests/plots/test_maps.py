"""Figures of the network and its maps show the numbers that they were given, and all of them."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from matplotlib.patches import Polygon, Rectangle  # noqa: E402

from labcode import plots  # noqa: E402
from labcode.toycnn import INPUT_SHAPE, LAYERS  # noqa: E402

SPATIAL = [layer for layer in LAYERS if len(layer.output_shape) == 3]


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    plt.close("all")


def fronts(figure) -> list[np.ndarray]:
    """The front faces of the drawn boxes, from the top of the page: width and height of each."""
    opaque = [one for one in figure.axes[0].patches if isinstance(one, Polygon)]
    corners = [one.get_xy() for one in opaque if one.get_alpha() is None]
    return [np.ptp(one, axis=0) for one in sorted(corners, key=lambda one: -one[:, 1].max())]


def test_the_network_is_drawn_to_scale():
    boxes = fronts(plots.show_network(LAYERS))
    shapes = [INPUT_SHAPE, *(layer.output_shape for layer in LAYERS)]
    assert len(boxes) == len(shapes)
    for (width, height), shape in zip(boxes, shapes, strict=True):
        if len(shape) == 3:
            assert (height, width) == pytest.approx((shape[0], shape[2]))
        else:
            assert width == pytest.approx(shape[0] / 16)


def test_the_networks_text_names_each_layer_and_stays_on_the_paper():
    figure = plots.show_network(LAYERS)
    figure.draw_without_rendering()
    paper = figure.bbox
    texts = figure.axes[0].texts
    assert {layer.name for layer in LAYERS} <= {one.get_text() for one in texts}
    for text in texts:
        box = text.get_window_extent()
        assert paper.x0 <= box.x0 and box.x1 <= paper.x1, text.get_text()
        assert paper.y0 <= box.y0 and box.y1 <= paper.y1, text.get_text()


def test_lines_of_text_in_the_network_do_not_touch():
    figure = plots.show_network(LAYERS)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    boxes.sort(key=lambda box: -box.y1)
    for above, below in zip(boxes, boxes[1:], strict=False):
        assert above.y0 >= below.y1 - 3  # the extent has room for accents and descenders


def test_memory_shows_maps_and_weights_of_each_layer_and_both_limits():
    figure = plots.show_memory(LAYERS, 560 * 1024, "buffer")
    axes = figure.axes[0]
    bars = [one.get_width() for one in axes.patches if isinstance(one, Rectangle)]
    maps, weights = bars[: len(LAYERS)], bars[len(LAYERS) :]
    for layer, live, own in zip(LAYERS, maps, weights, strict=True):
        assert own == pytest.approx(layer.parameters / 1000)
        expected = np.prod(layer.input_shape) + np.prod(layer.output_shape)
        assert live == pytest.approx(expected / 1000)
    assert [line.get_xdata()[0] for line in axes.lines] == pytest.approx([143.36, 573.44])


def test_kernels_are_the_slices_asked_for_on_a_symmetric_scale():
    kernels = np.random.default_rng(1).normal(size=(3, 3, 6, 8)).astype(np.float32)
    figure = plots.show_kernels(kernels, "title", outputs=[5, 1], inputs=[0, 2, 4])
    image = figure.axes[0].images[0]
    picture = image.get_array()
    assert picture.shape == (3 * 4 - 1, 2 * 4 - 1)
    np.testing.assert_array_equal(picture[4:7, 4:7], kernels[:, :, 2, 1])
    np.testing.assert_array_equal(picture[8:, :3], kernels[:, :, 4, 5])
    low, high = image.get_clim()
    limit = abs(kernels[..., [0, 2, 4], :][..., [5, 1]]).max()
    assert low == -high and high == pytest.approx(limit)


def test_kernels_have_gaps_between_them():
    figure = plots.show_kernels(np.ones((5, 5, 3, 4), np.float32), "title", range(4), range(3))
    picture = figure.axes[0].images[0].get_array()
    blank = np.ma.getmaskarray(picture)
    assert blank[5].all() and blank[:, 11].all() and not blank[0, 0]


@pytest.mark.parametrize("channels, columns", [(8, 4), (7, 4), (1, 8)])
def test_maps_stand_in_reading_order_and_rests_stay_blank(channels, columns):
    maps = np.zeros((4, 4, 9)) + np.arange(1, 10)
    figure = plots.show_maps(maps, "title", channels, columns)
    picture = np.ma.filled(figure.axes[0].images[0].get_array().astype(float), np.nan)
    tiles = picture[::5, ::5].ravel()
    np.testing.assert_array_equal(tiles[:channels], np.arange(1, channels + 1))
    assert np.isnan(tiles[channels:]).all()


def test_a_map_of_zeros_can_be_shown_and_an_image_stands_above_it():
    image = np.full((64, 64, 3), 9, np.uint8)
    figure = plots.show_maps(np.zeros((8, 8, 4)), "title", 4, image=image)
    figure.draw_without_rendering()
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), image)
    assert figure.axes[1].images[0].get_clim() == (0, 1)


def test_values_are_all_counted():
    figure = plots.show_values(np.linspace(-1, 1, 500), np.linspace(0, 3, 700), "conv2d")
    left, right = figure.axes
    assert sum(bar.get_height() for bar in left.patches) == 500
    assert sum(bar.get_height() for bar in right.patches) == 700


def test_depth_shows_sizes_channels_and_shares_in_per_cent():
    share = {layer.name: number / 10 for number, layer in enumerate(SPATIAL)}
    above, below = plots.show_depth(SPATIAL, {"zeros": share}).axes
    sides, channels = (line.get_ydata() for line in above.lines)
    np.testing.assert_array_equal(sides, [60, 56, 28, 26, 24, 12, 10, 8, 4])
    np.testing.assert_array_equal(channels, [32, 32, 32, 64, 64, 64, 64, 128, 128])
    np.testing.assert_allclose(below.lines[0].get_ydata(), np.arange(9) * 10)


@pytest.mark.parametrize(
    "figure",
    [
        lambda: plots.show_memory(LAYERS, 1000, "buffer"),
        lambda: plots.show_kernels(np.ones((3, 3, 2, 2)), "t", range(2), range(2)),
        lambda: plots.show_maps(np.ones((3, 3, 2)), "t", 2),
        lambda: plots.show_values(np.ones(3), np.ones(3), "conv2d"),
    ],
)
def test_axes_are_labelled(figure):
    axes = figure().axes[0]
    assert axes.get_xlabel()
    assert axes.get_ylabel() or [label.get_text() for label in axes.get_yticklabels()]
