# Two commands: `make run` (the main job) and `make test` (everything checked). `make help` lists the others.
# Another Python: make run PY=python3.12

PY ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
DATA ?= recordshop
NAME ?= latest

export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
export UV_COMPILE_BYTECODE := 1
export UV_PROJECT_ENVIRONMENT := $(VENV)
export TF_CPP_MIN_LOG_LEVEL := 2
export OPENBLAS_NUM_THREADS := 1
export KERAS_BACKEND := tensorflow
export MMREC_CACHE ?= $(CURDIR)/.cache/features
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test lab course lint bench data clean install
.DEFAULT_GOAL := help

help:  ## show this list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 14

run: install  ## the main job: raw media to evaluated lists (DATA=DIR for other data, NAME=... for the run's name)
	$(BIN)/mmrec run --data "$(DATA)" --name "$(NAME)"

test: install  ## unit tests, doctests, every notebook by nbval (each headline figure in its band) and by papermill
	$(BIN)/python -m pytest -n 2 --dist loadfile --doctest-modules tests mmrec_helpers
	MMREC_STRICT=1 $(BIN)/python -m mmrec_helpers.course.offline $(BIN)/python -m pytest -n 2 --dist loadfile \
	  --nbval-lax --nbval-cell-timeout=900 notebooks/*.ipynb

lab: install  ## JupyterLab, opened at chapter 00
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/00_start_here.ipynb

course: install  ## run every chapter by papermill, with a progress bar and a closing table
	$(BIN)/mmrec course run

lint: install  ## ruff
	$(BIN)/ruff check .

bench: install  ## calibrate the world, judge methods and extractors, time the commands; writes bench/*.json
	$(BIN)/uv sync --frozen --inexact --quiet --extra train --extra course --group bench --python $(BIN)/python
	$(BIN)/python -m bench.calibrate
	$(BIN)/python -m bench.methods
	$(BIN)/python -m bench.fusion
	$(BIN)/python -m bench.modalities
	$(BIN)/python -m bench.networks
	$(BIN)/python -m bench.ranking
	$(BIN)/python -m bench.intervals
	$(BIN)/python -m bench.online
	$(BIN)/python -m bench.growth
	$(BIN)/python -m bench.speed
	$(BIN)/python -m bench.evaluation
	$(BIN)/python -m bench.encoders
	$(BIN)/python -m bench.curves
	$(BIN)/python -m bench.extraction
	$(BIN)/python -m bench.store
	$(BIN)/python -m bench.times

data: install  ## rebuild data/recordshop from its seed
	rm -rf data/.new
	$(BIN)/mmrec world --out data/.new/recordshop
	rm -rf data/recordshop && mv data/.new/recordshop data/recordshop && rmdir data/.new

clean:  ## remove what the other targets made, the environment too
	rm -rf $(VENV) .cache runs build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

install: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml uv.lock
	@command -v "$(PY)" >/dev/null || { echo "make: no $(PY) here; install Python 3.11, 3.12 or 3.13, or name one: make run PY=python3.12"; exit 1; }
	@"$(PY)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "make: $$("$(PY)" -V) does not do; this project needs Python 3.11, 3.12 or 3.13. Name one: make run PY=python3.12"; exit 1; }
	@"$(PY)" -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "make: $(PY) has no venv module; on Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@[ -x $(BIN)/uv ] || { "$(PY)" -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv==$(UV_VERSION); }
	$(BIN)/uv sync --frozen --inexact --quiet --extra train --extra course --python $(BIN)/python
	@touch $@
