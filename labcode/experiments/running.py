"""Run a study: each record in a process of its own, those with a result left out.

Nothing coordinates the workers but the names of the result files, so a study can be killed at any
moment and started again, and shards of it can run on machines that know nothing of each other.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from labcode import provenance
from labcode.errors import ExperimentError
from labcode.experiments import records, results, settings
from labcode.experiments.records import Record
from labcode.experiments.results import Result
from labcode.experiments.studies import Study
from labcode.experiments.worker import OUT_OF_MEMORY
from labcode.frameworks import interpreter

COMMAND = [sys.executable, "-m", "labcode.experiments.worker"]
"""What runs one record."""

TAIL = 2000
"""Characters of a failed run's last words that its result keeps."""


@dataclass
class Progress:
    """Counts finished runs and tells the time left, from the mean of those that ran here."""

    total: int
    say: Callable[[str], None] = print
    done: int = 0
    started: float = field(default_factory=time.monotonic)

    def tell(self, record: Record, result: Result) -> None:
        self.done += 1
        each = (time.monotonic() - self.started) / self.done
        left = each * (self.total - self.done)
        self.say(
            f"[{self.done}/{self.total}] {records.name(record)}: {headline(result)}"
            f" ({result.seconds:.0f} s; {_minutes(left)} left)"
        )


def run(
    study: Study,
    where: Path | None = None,
    *,
    shard: tuple[int, int] = (1, 1),
    jobs: int = 1,
    retry: bool = False,
    say: Callable[[str], None] = print,
) -> list[Result]:
    """Run what is missing of ``study`` (of its ``shard`` i of n); return the new results.

    ``jobs`` processes work at a time and share the cores; a timed study takes its turns instead,
    and wants the machine for itself. Runs that failed before are left alone unless ``retry``.
    """
    if jobs < 1:
        raise ExperimentError(f"--jobs must be at least 1, not {jobs}")
    if study.timed and jobs > 1:
        raise ExperimentError(f"the study {study.name!r} measures time; run it with --jobs 1")
    where = where or results.folder()
    if study.derived:
        for record in study.records:
            results.path_of(record, study.name, where).unlink(missing_ok=True)
    groups = list(missing(study, where, shard, retry))
    count = sum(map(len, groups))
    say(f"{study.name}: {len(study.shard(*shard))} runs, {count} to do, in {where / study.name}")
    progress, found = Progress(count, say), []
    with _terminable(), ThreadPoolExecutor(jobs) as pool, tempfile.TemporaryDirectory() as scratch:
        workers: list[Worker] = []
        stopping = threading.Event()
        pending: set[Future] = set()
        queue = iter(groups)
        try:
            while True:
                for group in queue:
                    fixed = study, where, Path(scratch), jobs, workers, stopping
                    pending.add(pool.submit(_run_group, group, *fixed))
                    if len(pending) >= jobs:
                        break
                if not pending:
                    return found
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    for record, result in future.result():
                        progress.tell(record, result)
                        found.append(result)
        except BaseException:
            stopping.set()  # what is killed now has not failed
            for worker in workers:
                worker.kill()
            raise


def missing(
    study: Study, where: Path, shard: tuple[int, int] = (1, 1), retry: bool = False
) -> Iterator[list[Record]]:
    """Groups of records without a result: those of a timed study take turns, others are alone.

    Of a timed group only what is lacking is run, since results are never replaced; such a late run
    took no turns with the others, and ``comparing`` says so. Delete the group's files to measure
    it as a whole once more.
    """
    for group in study.groups(study.shard(*shard)):
        paths = [results.path_of(record, study.name, where) for record in group]
        lacking = [
            record
            for record, path in zip(group, paths, strict=True)
            if not path.exists() and (retry or not path.with_suffix(".failed-1.json").exists())
        ]
        if lacking:
            yield lacking


class Worker:
    """A process that runs one record."""

    def __init__(self, record: Record, scratch: Path, jobs: int, turns: bool):
        self.record, self.start = record, time.monotonic()
        self.out = scratch / f"{records.digest(record)}.json"
        self.log = open(scratch / f"{records.digest(record)}.log", "w+b")  # noqa: SIM115
        framework = getattr(record, "framework", None)  # counting in the chapters has none
        python = interpreter(framework) if framework else COMMAND[0]
        command = [python, *COMMAND[1:], json.dumps(records.as_dict(record)), str(self.out)]
        self.process = subprocess.Popen(
            command + (["--turns"] if turns else []),
            stdin=subprocess.PIPE if turns else subprocess.DEVNULL,
            stdout=subprocess.PIPE if turns else self.log,
            stderr=self.log,
            env=environment(jobs, self.record),
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends its workers
            text=True,
        )

    def ready(self) -> bool:
        """Wait until the worker asks for its turn; False when it has ended instead."""
        for line in self.process.stdout:
            if line.strip() == "turn":
                return True
            self.log.write(line.encode())
        return False

    def go(self) -> None:
        """Give the worker its turn."""
        try:
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
        except OSError:
            pass  # It has ended; ``ready`` finds out.

    def kill(self) -> None:
        """End the process and its children now."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def result(self) -> Result:
        """Wait for the end; the result, or what is known of the failure."""
        status = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
        seconds = round(time.monotonic() - self.start, 3)
        self.log.seek(0)
        words = self.log.read().decode(errors="replace")[-TAIL:]
        self.log.close()
        record = records.as_dict(self.record)
        if status == 0 and self.out.is_file():
            left = json.loads(self.out.read_text())
            return Result(record, "ok", left["outcome"], None, left["provenance"], seconds)
        # The kernel's out-of-memory killer sends SIGKILL; nobody else here does.
        memory = status in (OUT_OF_MEMORY, -signal.SIGKILL)
        last = words.strip().splitlines()[-1:] or [f"ended with status {status}"]
        error = {"message": last[0], "exit_status": status, "log": words}
        told = provenance.collect()
        told |= {"threads": provenance.cores(), "beside": 0}
        return Result(record, "out-of-memory" if memory else "failed", None, error, told, seconds)


def environment(jobs: int, record: Record) -> dict[str, str]:
    """A worker's environment: its share of the cores, its form's settings, what steadies times."""
    threads = str(max(1, provenance.cores() // jobs))
    return {
        **settings.environment(getattr(record, "form", ""), dict(os.environ)),
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads would take the time of the next turn
        "OMP_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
        "PYTHONHASHSEED": "0",
        "LABCODE_JOBS": str(jobs),
    }


def headline(result: Result) -> str:
    """What a line of progress says of a result."""
    if result.status != "ok":
        return f"{result.status}: {result.error['message'][:120]}"
    outcome = result.outcome
    if result.record["kind"] == "training":
        last = outcome["history"]["epochs"][-1]
        rate = outcome["throughput"]["images_per_second"]
        return f"top-1 {last['val_top1']:.1%}, loss {last['val_loss']:.3f}, {rate:,.0f} images/s"
    if result.record["kind"] == "passes":
        return f"peak {statistics.median(outcome['peak']) / 1e9:.0f} GMAC/s"
    if result.record["kind"] == "latency":
        return f"{1000 * outcome['median']:.2f} ms"
    return f"top-1 {outcome['top1']:.1%}" if result.record["kind"] == "edge" else "counted"


def _run_group(
    group: Sequence[Record],
    study: Study,
    where: Path,
    scratch: Path,
    jobs: int,
    started: list[Worker],
    stopping: threading.Event,
) -> list[tuple[Record, Result]]:
    workers = []
    for record in group:
        workers.append(Worker(record, scratch, jobs, study.timed))
        started.append(workers[-1])
    if study.timed:
        _give_turns(workers)
    found = []
    for worker in workers:
        result = worker.result()
        if stopping.is_set():
            return []
        results.save(result, study.name, where)
        found.append((worker.record, result))
    return found


def _give_turns(workers: Sequence[Worker]) -> None:
    """One works while the others wait; the order turns round from round to round.

    All have set up before the first turn. A worker that has ended takes no more turns.
    """
    at_work = [worker for worker in workers if worker.ready()]
    while at_work:
        for worker in list(at_work):
            worker.go()
            if not worker.ready():
                at_work.remove(worker)
        at_work.reverse()


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that no worker is left behind."""
    try:
        before = signal.signal(signal.SIGTERM, _leave)
    except ValueError:  # not the main thread: whoever started us sees to it
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)
