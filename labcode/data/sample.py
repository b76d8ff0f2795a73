"""Generate ``sample``: 200 classes of coloured, textured shapes in the layout of Tiny ImageNet.

A class is a shape, a colour and a texture ("red striped triangle"). Position, size, rotation, hue,
light, background, noise and up to three smaller shapes in the way vary, so that a small CNN learns
it slowly and overfits in the end, as it does Tiny ImageNet. The same seed gives the same pixels on
every machine, and the same bytes with the same version of Pillow.
"""

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np

from labcode.data import places
from labcode.data.layout import SIZE
from labcode.data.progress import Progress
from labcode.data.shapes import COLOURS, SHAPES, TEXTURES
from labcode.files import atomic_folder

SEED = 487
GREY = 0.02  # share of images stored without colour, as in Tiny ImageNet
CLUTTER = 3  # most shapes in the way
SMALLEST, LARGEST = 0.4, 0.95  # half the object's width in halves of the image's
F = np.float32


def install_sample(name: str = "sample") -> None:
    """Generate the sample into the data folder, once, however many processes ask for it."""
    known = places.known(name)
    with places.locked(name, places.root()):
        if places.is_installed(name):
            return
        with Progress(f"generating {name}", "images") as progress:
            with atomic_folder(places.folder_of(name)) as folder:
                generate(
                    folder,
                    known.classes,
                    known.train_per_class,
                    known.val_per_class,
                    progress=progress,
                )


def generate(
    folder: Path,
    classes: int = 200,
    train: int = 40,
    val: int = 10,
    seed: int = SEED,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write ``train`` and ``val`` images of each of the first ``classes`` classes into ``folder``.

    Smaller numbers draw different images from the same classes, for tests.
    """
    kinds = list(product(SHAPES, COLOURS, TEXTURES))
    # Shuffled, so that the order of wnids.txt is not that of the sorted wnids.
    order = np.random.default_rng(seed).permutation(len(kinds))[:classes]
    wnids = [f"n{90_000_001 + kind}" for kind in order]
    names = [f"{c} {t} {s}" for s, c, t in kinds]
    (folder / "wnids.txt").write_text("".join(f"{w}\n" for w in wnids), newline="\n")
    words = "".join(f"n{90_000_001 + i}\t{name}\n" for i, name in enumerate(names))
    (folder / "words.txt").write_text(words, newline="\n")
    (folder / "val" / "images").mkdir(parents=True)
    numbers = np.random.default_rng([seed, 1]).permutation(classes * val).reshape(classes, val)
    annotations: dict[int, str] = {}

    def one_class(place: int) -> tuple[int, list[tuple[bytes, tuple[int, ...]]]]:
        rng = np.random.default_rng([seed, 2, int(order[place])])
        return place, draw(rng, *kinds[order[place]], count=train + val)

    # NumPy and Pillow let go of the GIL; each class has its own generator, so order is no matter.
    with ThreadPoolExecutor(min(4, classes)) as pool:
        for place, images in pool.map(one_class, range(classes)):
            wnid = wnids[place]
            inner = folder / "train" / wnid / "images"
            inner.mkdir(parents=True)
            boxes = []
            for i, (content, box) in enumerate(images[:train]):
                (inner / f"{wnid}_{i}.JPEG").write_bytes(content)
                boxes.append("\t".join(map(str, (f"{wnid}_{i}.JPEG", *box))) + "\n")
            (inner.parent / f"{wnid}_boxes.txt").write_text("".join(boxes), newline="\n")
            for n, (content, box) in zip(numbers[place], images[train:], strict=True):
                (folder / "val" / "images" / f"val_{n}.JPEG").write_bytes(content)
                annotations[int(n)] = "\t".join(map(str, (f"val_{n}.JPEG", wnid, *box))) + "\n"
            progress((place + 1) * (train + val), classes * (train + val))
    text = "".join(annotations[n] for n in sorted(annotations))
    (folder / "val" / "val_annotations.txt").write_text(text, newline="\n")


def draw(
    rng: np.random.Generator, shape: str, colour: str, texture: str, count: int
) -> list[tuple[bytes, tuple[int, ...]]]:
    """``count`` drawings of one class: JPEG bytes, and the object's box (x0, y0, x1, y1)."""
    from PIL import Image

    canvas = _background(rng, count)
    shapes, textures, inks = list(SHAPES), list(TEXTURES), np.array(list(COLOURS.values()), F)
    for _ in range(CLUTTER):
        which = rng.integers(len(shapes), size=count)
        grain = rng.integers(len(textures), size=count)
        tint = inks[rng.integers(len(inks), size=count)]
        pose = _pose(rng, count, 0.1, 0.28, 0.95)
        tint, dark = _inks(rng, tint)
        for kind in np.unique(which):
            at = np.flatnonzero(which == kind)
            # One texture for the shapes of a kind that are drawn together: fewer, larger steps.
            grain_of = textures[grain[at[0]]]
            alpha, second = _object([p[at] for p in pose], shapes[kind], grain_of)
            canvas[:, at] = _paint(canvas[:, at], alpha, second, tint[at], dark[at])
    pose = _pose(rng, count, SMALLEST, LARGEST, 0.4)
    alpha, second = _object(pose, shape, texture)
    tint, dark = _inks(rng, np.repeat(np.array([COLOURS[colour]], F), count, 0))
    canvas = _paint(canvas, alpha, second, tint, dark)
    pixels = _light_and_noise(rng, canvas)
    grey = rng.random(count) < GREY
    result = []
    for i in range(count):
        image = Image.fromarray(pixels[i])
        out = io.BytesIO()
        (image.convert("L") if grey[i] else image).save(out, "JPEG", quality=85)
        result.append((out.getvalue(), _box(alpha[i])))
    return result


def _uniform(rng: np.random.Generator, low: float, high: float, *shape: int) -> np.ndarray:
    return F(low) + F(high - low) * rng.random(shape, F)


def _background(rng: np.random.Generator, count: int) -> np.ndarray:
    """Soft blotches of muted colour, from random values on a 5×5 grid; (3, count, y, x)."""
    cells = 4
    grid = _uniform(rng, 0.15, 0.85, 3, count, cells + 1, cells + 1)
    # Towards the grey of each grid point, lest a background colour pass for the object's.
    grid = F(0.45) * grid + F(0.55) * grid[:1]
    step = (np.arange(SIZE, dtype=F) % F(SIZE // cells)) / F(SIZE // cells)
    low = np.arange(SIZE) // (SIZE // cells)
    rows = grid[:, :, low] * (1 - step)[:, None] + grid[:, :, low + 1] * step[:, None]
    return rows[..., low] * (1 - step) + rows[..., low + 1] * step


def _pose(
    rng: np.random.Generator, count: int, smallest: float, largest: float, reach: float
) -> tuple[np.ndarray, ...]:
    """Scale, centre and rotation of ``count`` objects, each (count, 1, 1)."""
    scale = _uniform(rng, smallest, largest, count, 1, 1)
    x, y = _uniform(rng, -reach, reach, 2, count, 1, 1)
    # A point on the half circle by the rational parametrisation: a rotation without sine.
    t = _uniform(rng, -1, 1, count, 1, 1)
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    flip = np.where(rng.random((count, 1, 1)) < 0.5, F(-1), F(1))
    return scale, x, y, cosine * flip, sine * flip


def _object(pose: Sequence[np.ndarray], shape: str, texture: str) -> tuple[np.ndarray, np.ndarray]:
    """How far each pixel is covered, and by how much second ink; both (count, y, x) in [0, 1]."""
    scale, x, y, cosine, sine = pose
    axis = (np.arange(SIZE, dtype=F) + F(0.5)) / F(SIZE / 2) - 1
    du, dv = (axis[None, None, :] - x) / scale, (axis[None, :, None] - y) / scale
    u, v = cosine * du + sine * dv, cosine * dv - sine * du
    pixels = scale * F(SIZE / 2)
    alpha = np.clip(F(0.5) - SHAPES[shape](u, v) * pixels, 0, 1)
    second = np.clip(F(0.5) + TEXTURES[texture](u, v) * pixels * F(0.25), 0, 1)
    return alpha, second


def _inks(rng: np.random.Generator, tint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The jittered first ink and a darker or lighter second one; each (count, 3)."""
    count = len(tint)
    tint = tint + _uniform(rng, -0.16, 0.16, count, 3)
    dark = np.where(rng.random((count, 1)) < 0.5, tint * F(0.35), tint * F(0.4) + F(0.6))
    return tint, dark


def _paint(
    canvas: np.ndarray, alpha: np.ndarray, second: np.ndarray, tint: np.ndarray, dark: np.ndarray
) -> np.ndarray:
    """Lay an object over the canvas (3, count, y, x)."""
    ink = tint.T[:, :, None, None] + second * (dark - tint).T[:, :, None, None]
    return canvas + alpha * (ink - canvas)


def _light_and_noise(rng: np.random.Generator, canvas: np.ndarray) -> np.ndarray:
    """Light falling off to one side, and noise; uint8 (count, y, x, 3)."""
    count = canvas.shape[1]
    axis = np.arange(SIZE, dtype=F) / F(SIZE / 2) - 1
    a, b = _uniform(rng, -0.3, 0.3, 2, count, 1, 1)
    light = _uniform(rng, 0.65, 1.15, count, 1, 1) + a * axis[None, None] + b * axis[None, :, None]
    strength = _uniform(rng, 5, 22, count, 1, 1)
    # Two uniform bytes added are noise enough of a bell, and cheap.
    raw = rng.integers(0, 256, (2, 3, count, SIZE, SIZE), np.uint8)
    noise = (raw[0].astype(F) + raw[1]) / F(255) - 1
    lit = np.clip(canvas * light * 255 + noise * strength, 0, 255)
    return np.ascontiguousarray(np.moveaxis(lit.astype(np.uint8), 0, -1))


def _box(alpha: np.ndarray) -> tuple[int, ...]:
    inside = alpha > 0.5
    xs, ys = np.flatnonzero(inside.any(0)), np.flatnonzero(inside.any(1))
    if not len(xs):
        return (0, 0, SIZE - 1, SIZE - 1)
    return int(xs[0]), int(ys[0]), int(xs[-1]), int(ys[-1])
