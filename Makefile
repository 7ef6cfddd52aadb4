# `make` or `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.SILENT:

ENVIRONMENT := source .envrc

.PHONY: help setup run test test-fast test-long test-browser test-cluster faults mutants bench rehearsal synthetic-report docs screenshots lint format ui clean-caches

help:  ## list the targets
	grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 18

# The virtual environment is as new as the lock file; development tools are added on demand.
# After a project was moved or copied, its commands belong to the old folder and are reinstalled.
moved = $(shell if .ci/moved dagster || .ci/moved pytest; then echo --reinstall; fi)
ifneq ($(moved),)
.PHONY: .venv/.locked .venv/.locked-dev .venv/.locked-docs .venv/.locked-cluster
endif
.venv/.locked .venv/.locked-dev .venv/.locked-docs .venv/.locked-cluster: uv.lock pyproject.toml
	echo "installing the packages of uv.lock into .venv; the first time takes minutes" >&2
	if [ -t 2 ]; then quiet=; else quiet=--quiet; fi
	uv=$$(command -v uv || true)
	if [ -z "$$uv" ]; then
	    if [ ! -x data/cache/uv/bin/uv ]; then
	        for python in python3.12 python3.11 python3; do
	            "$$python" -c 'import ensurepip, venv' 2>/dev/null && break
	        done
	        "$$python" -m venv data/cache/uv
	        data/cache/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/uv.txt
	    fi
	    uv=data/cache/uv/bin/uv
	fi
	"$$uv" sync --frozen $$quiet --inexact $(if $(filter %-dev,$@),,--no-dev) $(if $(filter %-docs,$@),--group docs) $(if $(filter %-cluster,$@),--group cluster-tests) $(if $(GPU),--extra gpu) $(moved)
	touch $@

setup: .venv/.locked-dev  ## create .venv from uv.lock, with the development tools; GPU=1 adds CUDA

run: .venv/.locked  ## materialize the whole chain and print the scores
	$(ENVIRONMENT)
	exec hbac run

test: lint  ## lint, types and all tests but the long ones
	$(ENVIRONMENT)
	python -m pytest -n 3

test-fast: lint  ## lint, types and the quick tests, 2 minutes once programs are compiled
	$(ENVIRONMENT)
	python -m pytest -n 2 -m 'not long and not slow and not browser'

test-long: .venv/.locked-dev  ## the slow tests: all named experiments in miniature, kills, a search
	$(ENVIRONMENT)
	python -m pytest -v -m long --durations 0

test-browser: .venv/.locked-dev  ## click through Dagster's and MLflow's UIs in the system's Chromium; screenshots in data/browser
	$(ENVIRONMENT)
	python -m pytest -v -n 0 -m browser hbac_assets_tests/browser

test-cluster: .venv/.locked-dev .venv/.locked-cluster  ## run on two machines in namespaces, with Ray, and PostgreSQL from the system; as root; 40 minutes
	$(ENVIRONMENT)
	python -m pytest -v -n 0 --timeout 1800 -m cluster hbac_assets_tests/cluster

faults: .venv/.locked-dev  ## test kills, full disks, bad input and more, with a table of expected and observed behaviour; half an hour
	$(ENVIRONMENT)
	python -m pytest -n 2 --dist worksteal --timeout 1200 -m 'long or not long' hbac_assets_tests/faults

mutants: .venv/.locked-dev  ## remove guards one by one and check that a test fails without each, minutes
	$(ENVIRONMENT)
	python -m hbac_assets_tests.mutants

bench: .venv/.locked-dev  ## compare every stage with the usual tools, half an hour; ROWS=1,4 for some rows
	$(ENVIRONMENT)
	python -m benchmarks $(if $(ROWS),--rows $(ROWS))

rehearsal: .venv/.locked-dev  ## the whole chain on a full-size folder, DIR=…, with time, memory and disk
	$(ENVIRONMENT)
	python -m benchmarks.rehearsal $(if $(DIR),$(DIR),$(error DIR=… names a folder in Kaggle's layout))

synthetic-report: .venv/.locked-dev  ## compare the synthetic EEG with real recordings, statistic by statistic, ten minutes; N=2000
	$(ENVIRONMENT)
	python -m benchmarks.realism $(if $(N),--recordings $(N))

docs: .venv/.locked-docs  ## build the documentation into data/site, which needs no network and no server
	$(ENVIRONMENT)
	NO_MKDOCS_2_WARNING=1 python -m mkdocs build --quiet --strict --config-file documentation/mkdocs.yml
	echo "$$PWD/data/site/index.html"

screenshots: .venv/.locked-dev  ## take the pictures of Dagster, MLflow and the report of a finished run in Chromium; TO=folder
	$(ENVIRONMENT)
	python -m documentation.screenshots $(if $(TO),--output $(TO))

lint: .venv/.locked-dev  ## ruff and mypy
	$(ENVIRONMENT)
	ruff check .
	ruff format --check .
	mypy

format: .venv/.locked-dev  ## format and fix with ruff
	$(ENVIRONMENT)
	ruff check --fix .
	ruff format .

ui: .venv/.locked  ## Dagster and MLflow on this machine, HBAC_DAGSTER_PORT=3000 HBAC_MLFLOW_PORT=5000, until Ctrl-C
	$(ENVIRONMENT)
	exec hbac ui

clean-caches:  ## delete compiled programs and the tools' caches
	rm -rf data/cache
