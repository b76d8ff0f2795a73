"""The workflows: make targets only, pinned actions, few permissions, and actionlint."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from labcode.experiments.studies import STUDIES, study

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yml"))}
COMMAND = re.compile(r'make ([a-z-]+)(?: [A-Z]+=[\w/.]+)*(?: >> "\$GITHUB_STEP_SUMMARY")?')
PINNED = re.compile(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")

ALLOWED = {
    ("full", "deploy"): {"pages": "write", "id-token": "write"},
    ("full", "attach"): {"contents": "write"},
    ("full", "record"): {"contents": "write", "pull-requests": "write"},
    ("study", "record"): {"contents": "write", "pull-requests": "write"},
}
"""What a job may do besides reading the repository."""


def faults(name: str, text: str) -> list[str]:
    """What is wrong with a workflow; empty when it keeps the rules."""
    parsed = yaml.safe_load(text)
    found = []
    if parsed["permissions"] != {"contents": "read"}:
        found.append(f"permissions of the workflow: {parsed['permissions']}")
    events = parsed[True]  # YAML reads the key ``on`` as a truth value
    if "pull_request_target" in events:
        found.append("pull_request_target gives a fork's code our rights")
    if re.search(r"\bsecrets\b", text):
        found.append("a secret")
    uses = [line.strip().removeprefix("- ") for line in text.splitlines() if "uses:" in line]
    found += [line for line in uses if not PINNED.fullmatch(line)]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for key, job in parsed["jobs"].items():
        if job.get("permissions", {}) != ALLOWED.get((name, key), {}):
            found.append(f"permissions of {key}: {job.get('permissions')}")
        if "timeout-minutes" not in job:
            found.append(f"{key} may run for ever")
        if "pull_request" in events and "vars.GPU_RUNNER" in str(job["runs-on"]):
            found.append(f"{key} runs a fork's code on our own machine")
        for step in job["steps"]:
            if "run" in step:
                match = COMMAND.fullmatch(step["run"])
                if not match or match[1] not in targets:
                    found.append(f"not a make target: {step['run']}")
            elif step["uses"].startswith("actions/checkout@"):
                if step.get("with", {}).get("persist-credentials") is not False:
                    found.append(f"{key} leaves its token in the checkout")
    return found


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_keeps_the_rules(name):
    assert faults(name, WORKFLOWS[name]) == []


@pytest.mark.parametrize(
    "old, new",
    [
        ("  contents: read", "  contents: write"),
        ("  pull_request:", "  pull_request_target:"),
        ("- run: make lint", "- run: ruff check ."),
        ("- run: make lint", "- run: make lint && make book"),
        ("- run: make lint", "- run: make linty"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@main # v7.0.1"),
        ("vars.PIP_EXTRA_INDEX_URL", "secrets.INDEX"),
        ("persist-credentials: false", "persist-credentials: true"),
        ("    timeout-minutes: 120\n", ""),
        ("    timeout-minutes: 120\n", "    timeout-minutes: 9\n    permissions: write-all\n"),
        ("runs-on: ubuntu-24.04", "runs-on: ${{ vars.GPU_RUNNER }}"),
    ],
)
def test_a_planted_fault_is_found(old, new):
    assert old in WORKFLOWS["ci"]
    assert faults("ci", WORKFLOWS["ci"].replace(old, new)) != []


def test_a_rehearsal_publishes_nothing():
    jobs = yaml.safe_load(WORKFLOWS["full"])["jobs"]
    writers = [job["if"] for job in jobs.values() if job.get("permissions")]
    assert len(writers) == 3
    for condition in writers:  # a release is no rehearsal: only who starts by hand is asked
        assert "inputs.profile != 'rehearsal'" in condition or "== 'release'" in condition


def test_one_version_of_an_action_is_one_commit():
    pins = {match for text in WORKFLOWS.values() for match in PINNED.findall(text)}
    names = [name.split("/")[:2] for name, _, _ in pins]
    commits = {("/".join(name), commit) for name, (_, commit, _) in zip(names, pins, strict=True)}
    assert len(commits) == len({name for name, _ in commits}) > 5


def test_each_study_that_measures_can_be_started_by_hand():
    inputs = yaml.safe_load(WORKFLOWS["study"])[True]["workflow_dispatch"]["inputs"]
    measured = [name for name in STUDIES if not study(name, "sample").derived]
    assert inputs["study"]["options"] == measured


def test_no_data_set_is_in_an_artefact():
    for text in WORKFLOWS.values():
        for job in yaml.safe_load(text)["jobs"].values():
            for step in job["steps"]:
                if "upload" in step.get("uses", ""):
                    assert not step["with"]["path"].startswith("_build/data")


def test_actionlint_is_silent():
    program = shutil.which("actionlint") or shutil.which(
        "actionlint", path=str(Path(sys.executable).parent)
    )
    if program is None:
        pytest.skip("no actionlint on this machine: make workflows")
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
