"""Outlines and textures of the generated sample, in exact arithmetic only.

Only + - × ÷ √, comparisons, minimum and maximum are used: their results are fixed by IEEE 754, so
the pixels are the same on every processor, which sine or a matrix product would not promise.
All functions take coordinates ``u``, ``v`` (float32, any shape; the object fills about [-1, 1])
and return float32 of that shape.
"""

from collections.abc import Callable

import numpy as np

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _wave(x: np.ndarray) -> np.ndarray:
    """A triangle wave of period 1 and range [-1, 1]; stands in for a sine."""
    return np.abs(x - np.floor(x) - np.float32(0.5)) * 4 - 1


def _disc(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.sqrt(u * u + v * v) - np.float32(0.85)


def _square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) - np.float32(0.75)


def _triangle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    # 0.866 and 0.5: cosine and sine of 30 degrees, the normals of the two upper sides.
    return np.maximum(np.float32(0.866) * np.abs(u) - np.float32(0.5) * v, v) - np.float32(0.5)


def _star(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Two triangles, one upside down."""
    return np.minimum(_triangle(u, v), _triangle(u, -v)) + np.float32(0.04)


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    a, b = np.abs(u), np.abs(v)
    return np.maximum(np.minimum(a, b) - np.float32(0.27), np.maximum(a, b) - np.float32(0.9))


def _ring(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.abs(np.sqrt(u * u + v * v) - np.float32(0.68)) - np.float32(0.22)


def _crescent(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    w = u - np.float32(0.45)
    return np.maximum(_disc(u, v), np.float32(0.7) - np.sqrt(w * w + v * v))


def _heart(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    a = np.abs(u)
    x, y = a - np.float32(0.4), v + np.float32(0.3)
    lobe = np.sqrt(x * x + y * y) - np.float32(0.45)
    tip = np.maximum(np.float32(0.707) * (a + v) - np.float32(0.52), -v - np.float32(0.3))
    return np.minimum(lobe, tip)


def _arrow(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    a = np.abs(u)
    head = np.maximum(np.float32(0.75) * (a - v) - np.float32(0.67), v - np.float32(0.05))
    shaft = np.maximum(a - np.float32(0.25), np.abs(v - np.float32(0.4)) - np.float32(0.5))
    return np.minimum(head, shaft)


def _bar(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u) - np.float32(0.95), np.abs(v) - np.float32(0.35))


# Negative inside; near the edge about the distance to it, in units of u and v.
SHAPES: dict[str, Field] = {
    "disc": _disc,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "ring": _ring,
    "crescent": _crescent,
    "heart": _heart,
    "arrow": _arrow,
    "bar": _bar,
}

# How dark the second ink is, -1 (none) to 1 (full).
TEXTURES: dict[str, Field] = {
    "plain": lambda u, v: np.full_like(u, -1),
    "striped": lambda u, v: _wave(u * np.float32(2.2)),
    "dotted": lambda u, v: np.minimum(_wave(u * np.float32(2.2)), _wave(v * np.float32(2.2))),
    "chequered": lambda u, v: _wave(u * np.float32(1.6)) * _wave(v * np.float32(1.6)),
}

# Pure inks, RGB in [0, 1]; each drawing jitters them.
COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.85, 0.20, 0.18),
    "yellow": (0.86, 0.78, 0.20),
    "green": (0.22, 0.68, 0.28),
    "blue": (0.20, 0.38, 0.85),
    "violet": (0.64, 0.28, 0.76),
}
