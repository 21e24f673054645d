"""What takes long and says little that other tests do not say: `make test-all` runs it."""

import os

import pytest

SLOW = pytest.mark.skipif("MEMLEARN_SLOW" not in os.environ, reason="`make test-all` runs it")


def slow_values(*values):
    """Values of a parameter of a test that takes long."""
    return [pytest.param(value, marks=SLOW) for value in values]
