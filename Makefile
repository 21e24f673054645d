# Every target does its own set-up, in .venv; a set-up that was cut off starts again.

PYTHON ?= python3
RUN := .venv/bin/python
WORKDIR ?= runs/binding

.PHONY: train test lint clean

train: .venv/ready
	$(RUN) -m experiments.train --config=experiments/configs/binding.py --workdir=$(WORKDIR)
	$(RUN) -m experiments.evaluate --checkpoint=$(WORKDIR)

test: .venv/ready lint
	$(RUN) -m pytest -n 2 --cov --cov-report=term --cov-fail-under=90

lint: .venv/ready
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

clean:
	rm -rf .venv runs

# The stamp is written last. uv is quicker where it is there; pip is there everywhere.
.venv/ready: setup.py pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv --clear .venv
	if command -v uv >/dev/null; then uv pip install --python $(RUN) -e '.[test]'; \
	else $(RUN) -m pip install -e '.[test]'; fi
	touch $@
