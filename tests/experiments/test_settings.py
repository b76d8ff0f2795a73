"""Settings of a process reach the process that is to have them, and no other."""

import os
import subprocess
import sys

import numpy as np
import pytest

from labcode.experiments import running, settings
from labcode.experiments.records import Latency, Passes, Usability

# Random pixels can bring two values of a pool so close that rounding chooses between them, and then
# a derivative goes another way: with the generator's seed 1 it does.
STEP = """
import sys
import numpy as np
from labcode import tensorflow as lab
from labcode.recipe import Recipe
from labcode.weights import initial_weights
images = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
model = lab.build_model(initial_weights("kaiming-uniform"))
loss, found = lab.gradients(model, images, np.arange(4), Recipe(batch_size=4))
np.savez(sys.argv[1], **found)
"""


def test_a_form_is_split_from_its_settings():
    assert settings.split("plain") == ("plain", ())
    assert settings.split("labcode+onednn") == ("labcode", ("onednn",))


def test_a_worker_has_the_settings_of_its_form_and_those_alone(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "7")
    plain = running.environment(1, Latency("pytorch", "plain", 1, 1))
    assert not {"TF_ENABLE_ONEDNN_OPTS", "MALLOC_MMAP_MAX_"} & set(plain)
    fast = running.environment(1, Passes("tensorflow", "plain+onednn", 32))
    assert fast["TF_ENABLE_ONEDNN_OPTS"] == "1" and "MALLOC_MMAP_MAX_" not in fast
    kept = running.environment(1, Latency("pytorch", "plain+kept-memory", 1, 1))
    assert kept["MALLOC_MMAP_MAX_"] == "0" and "TF_ENABLE_ONEDNN_OPTS" not in kept
    assert "MALLOC_MMAP_MAX_" not in running.environment(1, Usability())


@pytest.mark.skipif(sys.platform != "linux", reason="these are settings of glibc")
def test_with_kept_memory_the_kernel_is_asked_for_few_pages():
    code = (
        "import resource, numpy as np\n"
        "for _ in range(3): np.ones(1 << 22)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(5): np.ones(1 << 22)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)"
    )
    faults = {}
    for form in ("plain", "plain+kept-memory"):
        env = settings.environment(form, dict(os.environ)) | {"NUMPY_MADVISE_HUGEPAGE": "0"}
        told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        faults[form] = int(told.stdout)
    assert faults["plain"] > 5 * 4000  # 32 MiB in pages of 4 KiB, five times
    assert faults["plain+kept-memory"] < 1000


@pytest.mark.skipif(sys.platform != "linux", reason="TensorFlow has oneDNN there")
def test_onednn_gives_the_gradients_of_the_default(tmp_path):
    """And not bit for bit: it was other code that computed them."""
    found = {}
    for value in ("0", "1"):
        path = tmp_path / f"{value}.npz"
        env = dict(os.environ) | {"TF_ENABLE_ONEDNN_OPTS": value}
        subprocess.run([sys.executable, "-c", STEP, str(path)], env=env, check=True)
        with np.load(path) as arrays:
            found[value] = dict(arrays)
    differ = []
    for name, ours in found["0"].items():
        scale = abs(ours).max()
        np.testing.assert_allclose(found["1"][name], ours, atol=1e-4 * scale, err_msg=name)
        differ.append((found["1"][name] != ours).any())
    assert any(differ)
