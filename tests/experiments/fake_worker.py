"""A worker that follows the real one's protocol and does what the seed of its record says.

Seed 13 raises, 14 runs out of memory, 15 is killed by the system, 99 never ends; any other seed
gives a small outcome. Each start is noted in the file that FAKE_WORKER_LOG names.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

record, out = json.loads(sys.argv[1]), Path(sys.argv[2])
seed = record["recipe"]["seed"]
with open(os.environ["FAKE_WORKER_LOG"], "a") as log:
    log.write(f"start {seed}\n")

for turn in range(3 if "--turns" in sys.argv else 0):
    print("turn", flush=True)
    assert sys.stdin.readline(), "nobody gives turns"
    with open(os.environ["FAKE_WORKER_LOG"], "a") as log:
        log.write(f"turn {seed} {turn} begins\n")
        log.flush()
        time.sleep(0.05)
        log.write(f"turn {seed} {turn} ends\n")

if seed == 13:
    raise ValueError("planted fault 13")
if seed == 14:
    print("RuntimeError: can't allocate memory: planted", file=sys.stderr)
    sys.exit(77)
if seed == 15:
    os.kill(os.getpid(), signal.SIGKILL)
if seed == 99:
    time.sleep(600)
time.sleep(float(os.environ.get("FAKE_WORKER_SECONDS", "0")))

epoch = {"val_top1": 0.25, "val_loss": 4.0}
outcome = dict.fromkeys(("fairness", "times", "memory", "utilisation", "energy"), {})
outcome |= {"history": {"epochs": [epoch]}, "throughput": {"images_per_second": 100.0}}
provenance = dict.fromkeys(
    ("made", "python", "platform", "cpu", "cores", "device", "versions", "profile"), "fake"
)
provenance |= {
    "threads": int(os.environ["OMP_NUM_THREADS"]),
    "beside": int(os.environ["LABCODE_JOBS"]) - 1,
    "dataset": {"name": record["view"]["name"]},
    "seed": seed,
}
whole = {"outcome": outcome, "dataset": provenance["dataset"], "provenance": provenance}
out.write_text(json.dumps(whole))
