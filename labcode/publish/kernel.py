"""A kernel process for one notebook, with nothing of the user's settings in it.

Each kernel gets an empty working folder, its own IPython and Jupyter folders, a fixed environment
and no kernelspec of the machine. Whatever happens, its whole process group is gone afterwards.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from labcode.errors import ExecutionError
from labcode.frameworks import interpreter, setting

STREAM_LIMIT = 1_000_000
"""Characters of printed text that one cell may leave on the page; the rest is cut, visibly."""

RICH_LIMIT = 16_000_000
"""Characters that one figure or table may have, encoded as in the notebook."""

_SILENT = logging.getLogger("labcode.kernel")  # failures are reported once, by whoever asked
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False

ENVIRONMENT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning OpenMP threads make timings on few cores erratic
    "PYTHONHASHSEED": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow's start-up chatter has no place on a page
}


def python_version(framework: str) -> str:
    """Major and minor version of the interpreter, as in ``3.11``; ExecutionError if it is none."""
    python = interpreter(framework)
    if python == sys.executable:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ExecutionError(
            f"{setting(framework)}={python} is not a working Python: {error}"
        ) from error
    return done.stdout.strip()


class Client(NotebookClient):
    """nbclient's client, with limits to what a cell can leave in the notebook."""

    scratch: Path
    python: str

    def create_kernel_manager(self) -> AsyncKernelManager:
        """A manager for our interpreter, whatever kernelspecs the machine has."""
        self.km = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=_OneKernel(self.python),
            connection_file=str(self.scratch / "runtime" / "k.json"),
            transport=_transport(self.scratch / "runtime"),
        )
        return self.km

    def output(
        self, outs: list, msg: dict, display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Keep an output, or what the limits leave of it."""
        content = msg["content"]
        if msg["msg_type"] == "stream":
            kept = sum(len(out["text"]) for out in outs if out["output_type"] == "stream")
            if kept > STREAM_LIMIT:
                return None
            if kept + len(content["text"]) > STREAM_LIMIT:
                content["text"] = content["text"][: STREAM_LIMIT - kept] + (
                    f"\n[labcode: the rest of the output is cut; a cell may print "
                    f"{STREAM_LIMIT:,} characters]\n"
                )
        elif msg["msg_type"] in ("display_data", "execute_result"):
            size = sum(len(part) for part in content["data"].values() if isinstance(part, str))
            if size > RICH_LIMIT:
                notice = f"[labcode: an output of {size:,} characters is left out; {RICH_LIMIT:,}"
                content["data"] = {"text/plain": notice + " are the limit]"}
        return super().output(outs, msg, display_id, cell_index)


class _OneKernel(KernelSpecManager):
    """Knows one kernel: ipykernel in the given interpreter."""

    def __init__(self, python: str):
        super().__init__()
        self.python = python

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        launch = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=[*launch, "--HistoryManager.enabled=False"], language="python")


@contextmanager
def started_kernel(
    notebook: NotebookNode,
    framework: str,
    scratch: Path,
    package: Path,
    results: Path,
    timeout: float,
) -> Iterator[Client]:
    """A client with its kernel running; the kernel and its children are killed at the end.

    ``scratch`` holds the folders work, records, downloads, runtime and ipython; ``package`` is the
    labcode to import, ``results`` the folder of recorded runs.
    """
    client = Client(
        notebook,
        log=_SILENT,
        timeout=timeout,
        startup_timeout=120,
        iopub_timeout=120,  # a cell's output may arrive long after its reply; losing it is worse
        raise_on_iopub_timeout=True,
        record_timing=False,
        shutdown_kernel="immediate",
    )
    client.scratch, client.python = scratch, interpreter(framework)
    client.reset_execution_trackers()
    group = None
    with open(scratch / "kernel.log", "wb") as log:
        try:
            client.create_kernel_manager()
            client.start_new_kernel(
                cwd=str(scratch / "work"),
                env=_environment(framework, scratch, package, results),
                stdout=log,
                stderr=log,
            )
            group = client.km.provisioner.pgid
            with client.setup_kernel():
                yield client
        finally:
            if group:
                _kill(group)


def kernel_log(scratch: Path) -> str:
    """The last lines that the kernel process itself wrote, beside what the cells print."""
    text = (scratch / "kernel.log").read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.splitlines()[-20:])


def _environment(framework: str, scratch: Path, package: Path, results: Path) -> dict[str, str]:
    """The kernel's environment: ours, less what would let the user's settings in."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONSTARTUP", "MATPLOTLIBRC")}
    env.update(ENVIRONMENT)
    if framework == "tensorflow":
        env["KERAS_BACKEND"] = "tensorflow"
    path = [str(package.parent), env.get("PYTHONPATH", "")]
    env["PYTHONPATH"] = os.pathsep.join(part for part in path if part)
    for name in ("LABCODE_DATA", "LABCODE_ARRAYS"):
        if env.get(name):  # a relative path means something else in the kernel's own folder
            env[name] = str(Path(env[name]).expanduser().resolve())
    env["LABCODE_FRAMEWORK"] = framework
    env["LABCODE_RECORDS"] = str(scratch / "records")
    env["LABCODE_DOWNLOADS"] = str(scratch / "downloads")
    env["LABCODE_RESULTS"] = str(results)
    env["IPYTHONDIR"] = str(scratch / "ipython")
    env["JUPYTER_RUNTIME_DIR"] = str(scratch / "runtime")
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        env[name] = str(scratch / "ipython")
    return env


def _transport(folder: Path) -> str:
    """``ipc`` where the folder can hold sockets (their paths are short by law), else ``tcp``."""
    if not hasattr(socket, "AF_UNIX"):
        return "tcp"
    probe = folder / "k-ipc-00000"
    try:
        with socket.socket(socket.AF_UNIX) as trial:
            trial.bind(str(probe))
        probe.unlink()
    except OSError:
        return "tcp"
    return "ipc"


def _kill(group: int) -> None:
    """Kill what is left of the kernel's process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that kernels and half files are cleared."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
