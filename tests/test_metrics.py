"""Top-k and cross-entropy against the frameworks' own metrics."""

import numpy as np
import pytest

from labcode import metrics, torchvision_compat

RNG = np.random.default_rng(9)
LOGITS = RNG.normal(0, 3, (500, 200)).astype(np.float32)
LABELS = RNG.integers(0, 200, 500)


@pytest.mark.parametrize("k", [1, 5, 10])
def test_topk_agrees_with_torchmetrics_and_keras(k):
    import keras
    import torch

    torchvision_compat.install()  # torchmetrics imports torchvision where it is installed.
    from torchmetrics.functional.classification import multiclass_accuracy

    ours = getattr(metrics.evaluation(LOGITS, LABELS), f"top{k}")
    theirs = multiclass_accuracy(
        torch.from_numpy(LOGITS), torch.from_numpy(LABELS), 200, average="micro", top_k=k
    )
    assert ours == pytest.approx(float(theirs), abs=1e-7)
    hits = keras.metrics.sparse_top_k_categorical_accuracy(LABELS, LOGITS, k=k)
    assert ours == pytest.approx(float(np.mean(hits)), abs=1e-7)


def test_cross_entropy_agrees_with_torch_in_float64():
    import torch

    expected = torch.nn.functional.cross_entropy(
        torch.from_numpy(LOGITS).double(), torch.from_numpy(LABELS)
    )
    assert metrics.cross_entropy(LOGITS, LABELS) == pytest.approx(expected.item(), rel=1e-12)


def test_cross_entropy_of_huge_logits_is_finite():
    logits = np.array([[1e4, 0.0], [0.0, -1e4]], np.float32)
    assert metrics.cross_entropy(logits, np.array([0, 0])) == 0
    assert metrics.cross_entropy(logits, np.array([1, 1])) == 1e4


def test_of_equal_logits_the_lower_class_ranks_first():
    logits = np.array([[1, 3, 3, 3, 0]], np.float32)
    assert [metrics.ranks(logits, np.array([label]))[0] for label in range(5)] == [3, 0, 1, 2, 4]
    assert list(np.argsort(-logits[0], kind="stable")) == [1, 2, 3, 0, 4]


def test_a_constant_network_scores_at_chance_and_no_better():
    labels = np.repeat(np.arange(200), 3)
    measured = metrics.evaluation(np.zeros((600, 200), np.float32), labels)
    assert (measured.top1, measured.top5, measured.top10) == (1 / 200, 5 / 200, 10 / 200)
    assert measured.loss == pytest.approx(np.log(200))


def test_logits_and_labels_must_be_as_many():
    with pytest.raises(ValueError, match="500 rows of logits but 499 labels"):
        metrics.evaluation(LOGITS, LABELS[:-1])


def test_a_diverged_network_scores_nothing_and_not_everything():
    logits = LOGITS.copy()
    logits[:400] = np.nan
    measured = metrics.evaluation(logits, LABELS)
    assert measured.top10 <= 100 / 500
    assert metrics.evaluation(np.full_like(LOGITS, np.nan), LABELS).top10 == 0
