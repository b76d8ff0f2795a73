"""The loss of one dense layer and its derivative by formula, to hold a framework's step against.

NumPy in float64, no framework. Small enough to be derived on paper, so that an exercise in training
can be checked on it.
"""

import numpy as np


def loss_and_gradient(
    kernel: np.ndarray, inputs: np.ndarray, truth: np.ndarray, *, softmax_twice: bool = False
) -> tuple[float, np.ndarray]:
    """Mean cross-entropy in nats of the logits ``inputs @ kernel``, and its derivative by kernel.

    ``inputs`` has shape (N, inputs), ``kernel`` (inputs, classes), ``truth`` (N,) holds the class
    numbers. With ``softmax_twice`` both are those of the usual mistake: the confidences are handed
    to the loss as if they were logits.
    """
    inputs, kernel = np.asarray(inputs, np.float64), np.asarray(kernel, np.float64)
    p = _softmax(inputs @ kernel)
    q = _softmax(p) if softmax_twice else p
    loss = -np.log(q[np.arange(len(q)), truth]).mean()
    slope = q - np.eye(kernel.shape[1])[truth]
    if softmax_twice:
        slope = p * (slope - (slope * p).sum(axis=1, keepdims=True))
    return float(loss), inputs.T @ slope / len(inputs)


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
