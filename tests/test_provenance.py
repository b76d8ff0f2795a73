"""Provenance tells what is there without importing a framework."""

import json
import subprocess
import sys
from importlib import metadata

from labcode import provenance


def test_everything_is_told_and_fits_into_json():
    told = provenance.collect(dataset={"name": "sample"}, seed=487)
    assert json.loads(json.dumps(told)) == told
    assert told["dataset"] == {"name": "sample"} and told["seed"] == 487
    assert told["versions"]["numpy"] == metadata.version("numpy")
    assert told["made"].endswith("+00:00")
    assert told["profile"] in ("quick", "full")
    assert told["cores"] >= 1 and told["memory_gib"] > 0 and told["cpu"]


def test_no_framework_is_imported():
    code = (
        "import sys; from labcode import provenance; provenance.collect(); "
        "provenance.device_class(); print(sorted({'torch', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_gpu_is_named_by_nvidia_smi_unless_hidden(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 570.12.01'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    provenance.device.cache_clear()
    assert provenance.device_class() == "cuda:NVIDIA H100 80GB HBM3"
    assert provenance.device()["driver"] == "570.12.01"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    provenance.device.cache_clear()
    assert not provenance.device_class().startswith("cuda")
    provenance.device.cache_clear()


def test_the_commit_is_that_of_the_checkout_and_changes_are_told(tmp_path, monkeypatch):
    def git(*words):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        return subprocess.run(
            ["git", *identity, "-C", str(tmp_path), *words], capture_output=True, check=True
        ).stdout

    monkeypatch.setattr(provenance, "PROJECT", tmp_path)
    assert provenance.collect()["commit"] is None
    git("init")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "first")
    told = provenance.collect()
    assert told["commit"] == git("rev-parse", "HEAD").decode().strip()
    assert told["dirty"] is False
    (tmp_path / "a").write_text("2")
    assert provenance.collect()["dirty"] is True


def test_peak_memory_grows_with_what_the_process_holds():
    code = (
        "from labcode.provenance import peak_memory_bytes as peak; before = peak(); "
        "held = bytearray(b'x') * 100_000_000; print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 90e6 < int(done.stdout) < 130e6
