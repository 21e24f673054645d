"""One real build of the glyphs, in a process of its own, shared by all tests of the data."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def build_run(tmp_path_factory):
    """Returns the folder into which the command line built the glyphs, and what it printed."""
    root = tmp_path_factory.mktemp("data")
    command = [sys.executable, "-m", "memlearn.data.build", "glyphs", "--describe"]
    run = subprocess.run([*command, f"--data_dir={root}"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return root, run.stdout


@pytest.fixture(scope="session")
def data_dir(build_run):
    """Returns a folder into which the glyphs were built."""
    return build_run[0]
