# Bare `make` lists the verbs. Each verb makes what it needs first, the environment included.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PROFILE ?= quick

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

setup: $(VENV)/.ready  ## make the environment in .venv with the pinned packages

data: $(VENV)/.ready  ## install Tiny ImageNet: by download, or from FROM=archive-or-folder
	$(BIN)/labcode data add tiny-imagenet $(if $(FROM),--from $(FROM))

book: $(VENV)/.ready  ## build the executed book into _build/html, or the EDITION=instructor beside it
	$(BIN)/labcode book $(if $(EDITION),--edition $(EDITION))

execute: $(VENV)/.ready  ## run the chapters' notebooks without building pages, or a part: SHARD=2/5
	$(BIN)/labcode execute $(if $(SHARD),--shard $(SHARD))

check-site: $(VENV)/.ready  ## fail when a page of the built site, or of SITE=folder, is older than its inputs
	$(BIN)/labcode check-site $(SITE)

drift: $(VENV)/.ready  ## tell which numbers moved from the site OLD=folder to the built one, or to NEW=folder
	@$(BIN)/labcode drift $(or $(OLD),$(error name the earlier site: OLD=folder)) $(or $(NEW),_build/html)

durations: $(VENV)/.ready  ## record how long each notebook of the built site, or of SITE=folder, took
	$(BIN)/labcode durations $(SITE)

test: $(VENV)/.ready  ## run the tests
	$(BIN)/python -m pytest

exercises: $(VENV)/.ready  ## try each exercise blank, answered wrongly and solved
	LABCODE_EXERCISES=1 $(BIN)/python -m pytest tests/exercises

assignment: $(VENV)/.ready  ## write nbgrader's course folder, with solutions, into _build/course
	$(BIN)/labcode assignment

grading: $(VENV)/.ready  ## autograde the whole lab, solved and blank, and compare the marks
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m tests.grading.whole_lab

try-bundles: $(VENV)/.ready  ## follow each bundle's README in a fresh environment, and run all its notebooks
	$(BIN)/python -m tests.outside.try_bundles

lint: $(VENV)/.ready  ## check the code's style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.ready  ## measure the speed claims, interleaved, with medians
	$(BIN)/labcode bench

lock:  ## write requirements.txt anew from pyproject.toml, in a fresh environment
	rm -rf _build/lock && $(PYTHON) -m venv _build/lock
	_build/lock/bin/pip install --quiet '.[test]'
	{ sed -n '/^#/p' requirements.txt; _build/lock/bin/pip freeze --exclude labcode | sed "s/+cpu$$//"; } > _build/lock/new
	mv _build/lock/new requirements.txt

clean:  ## remove the built sites, keep the executed notebooks
	rm -rf _build/html _build/work _build/html-instructor _build/work-instructor

.PHONY: help setup data book execute check-site drift durations test exercises assignment grading try-bundles lint bench lock clean
