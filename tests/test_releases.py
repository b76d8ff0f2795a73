"""``make released`` and ``make attach``, with a ``gh`` that keeps its releases in a folder."""

import os
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parents[1] / "Makefile"

# In the order of GitHub's list, the newest first; a release is a folder with its files.
GH = """#!/bin/sh
set -e
cd "$RELEASES"
what="$2"; shift 2
case "$what" in
  list)
    [ "$*" = "--exclude-drafts --json tagName --jq .[].tagName" ]
    ls -r ;;
  download)
    [ "$2" = --pattern ] && [ "$4" = --dir ]
    [ -f "$1/$3" ] && cp "$1/$3" "$FROM/$5" ;;
  upload)
    [ "$3" = --clobber ]
    cp "$FROM/$2" "$1/" ;;
esac
"""


@pytest.fixture
def make(tmp_path):
    """Runs make on a project's folder; ``make.folder`` is that, ``make.releases`` GitHub's."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gh").write_text(GH)
    (tmp_path / "bin" / "gh").chmod(0o755)
    folder, releases = tmp_path / "project", tmp_path / "releases"
    (folder / "_build" / "html").mkdir(parents=True)
    releases.mkdir()
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "RELEASES": str(releases), "FROM": str(folder)}
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "TAG"):
        env.pop(name, None)

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = ["make", "-f", str(MAKEFILE), "-C", str(folder), *arguments]
        return subprocess.run(command, env=env, text=True, capture_output=True, timeout=60)

    run.folder, run.releases = folder, releases
    return run


def publish(make, tag: str, text: str) -> None:
    """A release whose site says ``text``, by ``make attach``."""
    (make.releases / tag).mkdir()
    (make.folder / "_build" / "html" / "index.html").write_text(text)
    done = make("attach", f"TAG={tag}")
    assert done.returncode == 0, done.stderr


def fetched(make, *arguments: str) -> str:
    """What ``make released`` leaves as the page of the last release."""
    done = make("released", *arguments)
    assert done.returncode == 0, done.stderr
    folder = make.folder / "_build" / "released"
    assert [path.name for path in folder.iterdir()] == ["index.html"]
    return (folder / "index.html").read_text()


def test_the_last_release_is_what_was_attached_to_it(make):
    publish(make, "v1.0", "first")
    assert fetched(make) == "first"
    publish(make, "v1.1", "second")
    assert fetched(make) == "second"


def test_a_release_is_not_held_against_itself(make):
    publish(make, "v1.0", "first")
    publish(make, "v1.1", "second")
    assert fetched(make, "TAG=v1.1") == "first"
    assert fetched(make, "TAG=v1") == "second"  # a tag is compared as a whole


@pytest.mark.parametrize("tag", [(), ("TAG=v1.0",)])
def test_the_first_release_has_nothing_to_be_held_against(make, tag):
    if tag:
        publish(make, "v1.0", "first")
    done = make("released", *tag)
    assert done.returncode == 0 and "there is no earlier release" in done.stdout.splitlines()
    assert list((make.folder / "_build" / "released").iterdir()) == []


def test_a_release_without_a_site_is_said_to_have_none(make):
    (make.releases / "v1.0").mkdir()
    done = make("released")
    assert done.returncode == 0 and "the release v1.0 has no site" in done.stdout.splitlines()


def test_a_github_that_does_not_answer_is_no_first_release(make):
    make.releases.rmdir()
    done = make("released")
    assert done.returncode != 0 and "there is no earlier release" not in done.stdout.splitlines()


def test_a_site_is_attached_to_a_release_by_name(make):
    done = make("attach")
    assert done.returncode != 0 and "name the release: TAG=v1.0" in done.stderr
    done = make("attach", "TAG=v9")  # GitHub has no such release
    assert done.returncode != 0
