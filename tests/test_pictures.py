"""A student's picture: upright, square, RGB, smoothly smaller; and each wrong file is named."""

import numpy as np
import pytest
from PIL import Image

from labcode.errors import DataError
from labcode.pictures import read_picture

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
ORIENTATION = 0x0112


def quarters(width: int = 200, height: int = 200) -> Image.Image:
    """Red, green / blue, white."""
    picture = Image.new("RGB", (width, height), "white")
    x, y = width // 2, height // 2
    picture.paste(RED, (0, 0, x, y))
    picture.paste(GREEN, (x, 0, width, y))
    picture.paste(BLUE, (0, y, x, height))
    return picture


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """Colours of the four quarters: above left, above right, below left, below right."""
    return [tuple(map(int, pixels[row, column])) for row in (16, 48) for column in (16, 48)]


def test_a_picture_becomes_bytes_in_the_networks_shape_and_order(tmp_path):
    quarters().save(tmp_path / "a.png")
    pixels = read_picture(tmp_path / "a.png")
    assert pixels.shape == (64, 64, 3) and pixels.dtype == np.uint8
    assert corners(pixels) == [RED, GREEN, BLUE, (255, 255, 255)]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_cameras_note_on_orientation_is_obeyed(tmp_path, orientation):
    # What a camera does that was held otherwise: it stores turned pixels and notes how.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = quarters(300, 200)
    stored = picture.transpose(undo[orientation]) if orientation in undo else picture
    note = Image.Exif()
    note[ORIENTATION] = orientation
    stored.save(tmp_path / "a.png", exif=note)
    picture.save(tmp_path / "upright.png")
    upright = read_picture(tmp_path / "upright.png")
    assert np.array_equal(read_picture(tmp_path / "a.png"), upright)


@pytest.mark.parametrize("size", [(400, 200), (200, 400)])
def test_the_middle_square_is_taken_and_nothing_is_squeezed(tmp_path, size):
    picture = Image.new("RGB", size, RED)
    x, y = size[0] // 2, size[1] // 2
    picture.paste(GREEN, (x - 100, y - 100, x + 100, y + 100))
    picture.save(tmp_path / "a.png")
    # Lanczos' filter reaches three new pixels far.
    assert (read_picture(tmp_path / "a.png")[4:-4, 4:-4] == GREEN).all()


def test_fine_stripes_blur_to_grey_instead_of_breaking_up(tmp_path):
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "a.png")
    pixels = read_picture(tmp_path / "a.png").astype(int)
    assert np.abs(pixels - 127).max() <= 8
    with Image.open(tmp_path / "a.png") as picture:
        nearest = np.asarray(picture.resize((64, 64), Image.Resampling.NEAREST))
    assert set(np.unique(nearest)) <= {0, 255}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_every_usual_mode_becomes_rgb(tmp_path, mode):
    Image.new("RGB", (80, 80), "white").convert(mode).save(tmp_path / "a.tiff")
    assert (read_picture(tmp_path / "a.tiff") == 255).all()


def test_what_is_transparent_becomes_white(tmp_path):
    Image.new("RGBA", (80, 80), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert (read_picture(tmp_path / "a.png") == 255).all()


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DataError, match="photo.jpg does not exist"):
        read_picture(tmp_path / "photo.jpg")
    with pytest.raises(DataError, match="is a folder"):
        read_picture(tmp_path)


def test_a_file_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "photo.jpg").write_text("not a picture")
    with pytest.raises(DataError, match="not a picture that Pillow can read.*HEIC"):
        read_picture(tmp_path / "photo.jpg")


def test_a_truncated_picture_is_named(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read to its end"):
        read_picture(tmp_path / "a.jpg")


def test_a_picture_that_is_too_small_is_not_enlarged(tmp_path):
    quarters(200, 63).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="200 x 63 pixels, fewer than 64 x 64"):
        read_picture(tmp_path / "a.png")
    quarters(64, 64).save(tmp_path / "b.png")
    assert np.array_equal(read_picture(tmp_path / "b.png"), np.asarray(quarters(64, 64)))


def test_sixteen_bits_a_channel_are_refused_not_clipped(tmp_path):
    Image.fromarray(np.full((80, 80), 1000, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="more than eight bits"):
        read_picture(tmp_path / "a.png")
