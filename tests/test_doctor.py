"""``labcode doctor`` on machines that do not exist: fake programs, fake /proc, fake frameworks."""

import sys
from pathlib import Path

import pytest

from labcode.doctor import commands, datasets, frameworks, hardware, packages
from labcode.doctor.finding import MISSING, NOTE, OK, Machine
from labcode.publish import distribution
from tests.book import small_book

CPUINFO = "processor\t: 0\nmodel name\t: Old CPU\nflags\t\t: sse avx2 {}\nprocessor\t: 1\n"

TORCH = """
__version__ = "9.9+cu13"
class version: cuda, hip = "13.0", None
class _Cudnn:
    @staticmethod
    def is_available(): return True
    @staticmethod
    def version(): return {cudnn}
class _Mps:
    @staticmethod
    def is_available(): return False
class backends: cudnn, mps = _Cudnn, _Mps
class cuda:
    @staticmethod
    def device_count(): return {gpus}
    @staticmethod
    def get_device_name(i): return "Fake GPU"
def ones(*shape, device): return None
class _Sum:
    def sum(self): return {total}
class nn:
    class functional:
        @staticmethod
        def conv2d(x, w): return _Sum()
"""


@pytest.fixture
def machine(tmp_path):
    """A machine with nothing on its PATH but what a test puts there."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "proc").mkdir()
    environ = {"PATH": str(tmp_path / "bin"), "PYTHONPATH": str(tmp_path / "modules")}
    return Machine(tmp_path, tmp_path / "proc", tmp_path / "cgroup", environ)


def program(machine: Machine, name: str, script: str = "") -> Path:
    path = machine.root / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def smi(machine: Machine, driver: str) -> None:
    program(
        machine,
        "nvidia-smi",
        f"""case "$*" in
      *name*) echo "Fake GPU, {driver}, 81559 MiB";; *) echo "{driver}";; esac""",
    )


def fake_torch(machine: Machine, gpus=1, total=3888.0, cudnn="92000", nvidia=()) -> None:
    modules = machine.root / "modules"
    modules.mkdir()
    text = TORCH.replace("{cudnn}", cudnn)
    (modules / "torch.py").write_text(text.format(gpus=gpus, total=total))
    for name in nvidia:
        info = modules / f"{name.replace('-', '_')}-9.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.0\n")


def states(findings) -> list[str]:
    return [finding.state for finding in findings]


@pytest.mark.parametrize(
    "version, state", [((3, 10, 9), MISSING), ((3, 11, 0), OK), ((3, 13, 9), OK),
                       ((3, 14, 0), MISSING)]
)  # fmt: skip
def test_python_is_held_against_the_project(version, state):
    assert packages.python(version).state == state


def test_absent_and_other_versions_are_named(monkeypatch):
    found = {"alpha": "1.0+cpu", "beta": "2.5", "gamma": None}
    monkeypatch.setattr(distribution, "locked", lambda: dict.fromkeys(found, "1.0"))
    monkeypatch.setattr(packages, "installed", found.get)
    missing, other = packages.packages()
    assert (missing.state, other.state) == (MISSING, NOTE)
    assert "gamma" in missing.said and "alpha" not in missing.said and missing.todo == "make setup"
    assert "beta 2.5 for 1.0" in other.said and "alpha" not in other.said
    found["gamma"], found["beta"] = "1.0", "1.0"
    assert states(packages.packages()) == [OK]


def test_a_framework_elsewhere_is_not_wanted_here(monkeypatch):
    monkeypatch.setattr(
        packages, "installed", lambda name: None if name in ("tensorflow", "keras") else
        distribution.locked()[name]
    )  # fmt: skip
    assert states(packages.packages()) == [MISSING]
    monkeypatch.setenv("LABCODE_PYTHON_TENSORFLOW", "/elsewhere/python")
    assert states(packages.packages()) == [NOTE]
    monkeypatch.setattr(packages, "installed", lambda name: None if name == "sphinx" else
                        distribution.locked()[name])  # fmt: skip
    assert states(packages.packages()) == [MISSING]


@pytest.mark.parametrize("flag, state", [("", NOTE), ("avx512_bf16", OK), ("amx_bf16", OK)])
def test_bfloat16_is_read_from_the_processors_flags(machine, flag, state):
    (machine.proc / "cpuinfo").write_text(CPUINFO.format(flag))
    cpu, bfloat16 = hardware.processor(machine)
    assert "Old CPU, 2 cores" in cpu.said
    assert bfloat16.state == state and (flag in bfloat16.said)


def test_little_memory_is_missing_and_a_containers_limit_counts(machine):
    def state(kib):
        (machine.proc / "meminfo").write_text(f"MemFree: 1 kB\nMemAvailable:  {kib} kB\n")
        return hardware.memory(machine).state

    assert state(1_000_000) == MISSING and state(8_000_000) == OK
    machine.cgroup.mkdir()
    (machine.cgroup / "memory.max").write_text("max\n")
    (machine.cgroup / "memory.current").write_text("0\n")
    assert state(8_000_000) == OK
    (machine.cgroup / "memory.max").write_text(f"{2**30}\n")
    assert state(8_000_000) == MISSING


def test_a_full_disk_is_noted(machine, monkeypatch):
    assert hardware.disk(machine).state == OK
    monkeypatch.setattr(hardware.shutil, "disk_usage", lambda path: type("U", (), {"free": 2**30}))
    assert hardware.disk(machine).state == NOTE


def test_the_gpu_is_what_nvidia_smi_says(machine):
    assert "no NVIDIA driver" in hardware.gpu(machine).said
    smi(machine, "580.65.06")
    found = hardware.gpu(machine)
    assert found.state == OK and "Fake GPU, 81559 MiB; driver 580.65.06" in found.said
    smi(machine, "470.10")
    assert "too old" in hardware.gpu(machine).said
    program(machine, "nvidia-smi", "echo 'Failed to initialize NVML' >&2; exit 18")
    found = hardware.gpu(machine)
    assert found.state == NOTE and "Failed to initialize NVML" in found.said


def test_programs_that_are_not_there_are_noted_with_what_to_type(machine):
    found = {finding.about: finding for finding in hardware.programs(machine)}
    assert {finding.state for finding in found.values()} == {NOTE}
    assert all(finding.todo.startswith("apt-get install") for finding in found.values())
    for name in ("g++", "clang++", "chromium", "make", "git"):
        program(machine, name)
    assert set(states(hardware.programs(machine))) == {OK}


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder nobody can write")
def test_folders_that_cannot_be_written_are_missing(machine):
    good, bad = hardware.folders({"book": machine.root / "new" / "deep", "data": Path("/proc/x")})
    assert good.state == OK and not (machine.root / "new").exists()
    assert bad.state == MISSING and "LABCODE_DATA=" in bad.todo


def test_the_data_set_is_absent_partial_or_damaged(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCODE_DATA", str(tmp_path))
    monkeypatch.delenv("LABCODE_ARRAYS", raising=False)
    assert datasets.dataset().state == NOTE and datasets.dataset().todo == "make data"
    small_book.images(tmp_path)
    found = datasets.dataset()
    assert found.state == NOTE and "6 + 3 images" in found.said and "partial" in found.said
    assert not (tmp_path / "tiny-imagenet.arrays").exists()
    (tmp_path / "tiny-imagenet" / "words.txt").unlink()
    found = datasets.dataset()
    assert found.state == MISSING and "words.txt" in found.said


def look(machine, key="pytorch"):
    return list(frameworks.look(machine, key, "Framework"))


@pytest.fixture
def headers(monkeypatch):
    """Python's headers are as this machine has them; here they are there."""
    frame = frameworks.FRAME.replace('found["headers"] = ', 'found["headers"] = True or ')
    monkeypatch.setattr(frameworks, "FRAME", frame)


def test_a_gpu_that_computes_is_ok_with_what_the_framework_was_built_for(machine, headers):
    smi(machine, "580.65.06")
    fake_torch(machine)
    (found,) = look(machine)
    assert found.state == OK and "cuda:0 Fake GPU" in found.said
    assert "9.9+cu13, built for CUDA 13.0, cuDNN 92000" in found.said


def test_a_gpu_that_computes_wrongly_is_missing(machine, headers):
    smi(machine, "580.65.06")
    fake_torch(machine, total=0.0)
    (found,) = look(machine)
    assert found.state == MISSING and "sums to 0.0, not 3888" in found.said


def test_a_cudnn_that_does_not_fit_is_missing_with_its_own_words(machine, headers):
    fake_torch(machine, cudnn="1 / 0")
    (found,) = look(machine)
    assert found.state == MISSING and "ZeroDivisionError" in found.said


def test_a_gpu_that_the_framework_does_not_see_is_noted(machine, headers):
    fake_torch(machine, gpus=0)
    assert states(look(machine)) == [OK]
    smi(machine, "580.65.06")
    (found,) = look(machine)
    assert found.state == NOTE and "does not see the GPU" in found.said and found.todo


def test_a_driver_too_old_for_the_frameworks_cuda_is_noted(machine, headers):
    smi(machine, "535.10")
    fake_torch(machine)
    _, driver = look(machine)
    assert driver.state == NOTE and "CUDA 13 needs driver 580 or newer; this is 535" in driver.said


def test_two_builds_of_cudnn_in_one_folder_are_noted(machine, headers):
    fake_torch(machine, nvidia=("nvidia-cudnn-cu13", "nvidia-cublas"))
    assert states(look(machine)) == [OK]
    info = machine.root / "modules" / "nvidia_cudnn_cu12-9.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nvidia-cudnn-cu12\nVersion: 9.1\n")
    _, shared = look(machine)
    assert shared.state == NOTE and "nvidia-cudnn-cu12 and nvidia-cudnn-cu13" in shared.said
    assert "LABCODE_PYTHON_TENSORFLOW" in shared.todo


def test_no_headers_means_no_torch_compile(machine, monkeypatch):
    frame = frameworks.FRAME.replace('found["headers"] = ', 'found["headers"] = False and ')
    monkeypatch.setattr(frameworks, "FRAME", frame)
    fake_torch(machine)
    assert [f.said for f in look(machine)][1].startswith("no Python.h")


def test_a_framework_that_is_not_there_or_crashes_is_missing(machine, monkeypatch):
    (machine.root / "modules").mkdir()
    (machine.root / "modules" / "tensorflow.py").write_text("import os; os.abort()")
    (found,) = look(machine, "tensorflow")
    assert found.state == MISSING and found.todo == "make setup"
    (machine.root / "modules" / "tensorflow.py").write_text("raise ImportError('libcudart')")
    (found,) = look(machine, "tensorflow")
    assert found.state == MISSING and "ImportError: libcudart" in found.said
    monkeypatch.setenv("LABCODE_PYTHON_TENSORFLOW", "/no/such/python")
    (found,) = look(machine, "tensorflow")
    assert found.state == MISSING and found.todo == "unset LABCODE_PYTHON_TENSORFLOW"


def test_a_framework_is_tried_in_the_environment_of_its_own(machine, monkeypatch, headers):
    fake_torch(machine)
    other = program(machine, "other-python", f'exec "{sys.executable}" "$@"')
    monkeypatch.setenv("LABCODE_PYTHON_PYTORCH", str(other))
    (found,) = look(machine)
    assert found.state == OK and f"in {other} (LABCODE_PYTHON_PYTORCH)" in found.said


def test_an_environment_of_its_own_must_have_what_the_chapters_import(
    machine, monkeypatch, headers
):
    fake_torch(machine, nvidia=("numpy",))
    info = machine.root / "modules" / "labcode-9.0.dist-info"
    info.mkdir()
    wanted = ("NumPy>=2", 'Absent.Runtime==2; extra == "edge"', 'absent-tool; extra == "pytorch"',
              'another; extra == "tensorflow"')  # fmt: skip
    lines = "".join(f"Requires-Dist: {line}\n" for line in wanted)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: labcode\nVersion: 9.0\n{lines}")
    assert states(look(machine)) == [OK]  # the book's own environment is looked at as a whole
    other = program(machine, "other-python", f'exec "{sys.executable}" "$@"')
    monkeypatch.setenv("LABCODE_PYTHON_PYTORCH", str(other))
    _, lacks = look(machine)
    assert lacks.state == MISSING and f"lacks absent-runtime, absent-tool in {other}" in lacks.said
    assert lacks.todo == f"{other} -m pip install -c requirements.txt -e '.[edge,pytorch]'"


def test_the_status_is_1_when_something_is_missing_and_only_then(machine, monkeypatch, capsys):
    for states_, status in (([OK, NOTE], 0), ([OK, MISSING, NOTE], 1)):
        found = [commands.Finding(state, "thing", "said", "what to type") for state in states_]
        monkeypatch.setattr(commands, "examine", lambda machine, found=found: iter(found))
        assert commands.main([]) == status
    said = capsys.readouterr().out
    assert "missing  thing        said\n" in said and "do: what to type" in said
    assert "The book can be built, notes: 1." in said and "cannot be built: 1 missing" in said
