"""A picture of your own as the network wants it: any photo file to uint8 (64, 64, 3) in RGB."""

import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from labcode.errors import DataError
from labcode.toycnn import INPUT_SHAPE

_SHALLOW = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "La"}
_SHALLOW |= {"RGBa"}


def read_picture(path: str | os.PathLike, size: int = INPUT_SHAPE[0]) -> np.ndarray:
    """The picture in ``path`` as uint8 (size, size, 3), RGB: the middle square, made smaller.

    Upright as the camera's EXIF note says; what is transparent becomes white. Each new pixel is a
    weighted mean of all old ones that it covers, so fine patterns blur instead of breaking up.
    Raises DataError when there is no such file, when it is not a picture that Pillow reads, when
    it has more than eight bits a channel, or when it is smaller than ``size`` pixels.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise DataError(f"{path} {what}; give the path of a picture (you are in {Path.cwd()})")
    try:
        with warnings.catch_warnings():
            # A phone's hundred megapixels are no attack; Pillow still refuses twice as many.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                picture = ImageOps.exif_transpose(file)
                picture.load()
    except UnidentifiedImageError as error:
        raise DataError(
            f"{path} is not a picture that Pillow can read; save it as JPEG or PNG "
            "(phones may write HEIC: share or export the photo as JPEG)"
        ) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path} cannot be read to its end ({error}); copy it again, or save it anew as JPEG"
        ) from error
    if picture.mode not in _SHALLOW:
        raise DataError(
            f"{path} has more than eight bits a channel (mode {picture.mode}); "
            "save it as an 8-bit JPEG or PNG"
        )
    if min(picture.size) < size:
        width, height = picture.size
        raise DataError(
            f"{path} has {width} x {height} pixels, fewer than {size} x {size}; enlarging would "
            "invent what is not there: take a larger picture"
        )
    square = ImageOps.fit(_opaque(picture), (size, size), Image.Resampling.LANCZOS)
    return np.asarray(square)


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layers = picture.convert("RGBA")
    white = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(white, layers).convert("RGB")
