# Every target does its own set-up, in .venv; a set-up that was cut off starts again.

PYTHON := python3
RUN := .venv/bin/python
PYTEST := $(RUN) -m pytest -n 2 --dist=loadfile --no-loadscope-reorder
WORKDIR := runs/binding
PEERS := memorax==1.0.1 pytest

.PHONY: train test test-all peers clean

train: .venv/ready
	$(RUN) -m experiments.train --config=experiments/configs/binding.py --workdir=$(WORKDIR)
	$(RUN) -m experiments.evaluate --checkpoint=$(WORKDIR)

test: .venv/ready
	$(PYTEST)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

# With those that take long, and how much of the code they all reach.
test-all: .venv/ready
	MEMLEARN_SLOW=1 $(PYTEST) --cov --cov-report=term --cov-fail-under=90

# memorax brings much that nobody else needs, and so is installed by itself.
peers: .venv/ready .venv-peers/ready
	.venv-peers/bin/python -m pytest -p no:cacheprovider tests/benchmarks
	$(RUN) -m benchmarks.peers

clean:
	rm -rf .venv .venv-peers runs

# The stamp is written last. uv is quicker, and finds a Python that is new enough; pip is there
# everywhere (on Debian, with the package python3-venv).
.venv/ready: setup.py pyproject.toml
	rm -rf .venv
	if command -v uv >/dev/null; then \
	  uv venv --python '>=3.11' .venv && uv pip install --python $(RUN) -e '.[test]'; \
	else \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 is needed")' && \
	  $(PYTHON) -m venv .venv && $(RUN) -m pip install -e '.[test]'; \
	fi
	touch $@

.venv-peers/ready: setup.py
	rm -rf .venv-peers
	if command -v uv >/dev/null; then \
	  uv venv --python '>=3.11' .venv-peers && \
	  uv pip install --python .venv-peers/bin/python -e . $(PEERS); \
	else \
	  $(PYTHON) -m venv .venv-peers && .venv-peers/bin/python -m pip install -e . $(PEERS); \
	fi
	touch $@
