"""Tests run on eight virtual CPU devices, and keep what they compile; commands run on one."""

import importlib.metadata
import os
import pathlib
import subprocess
import sys

import pytest

# Compiling takes far longer than running here, so programs are compiled without optimisation,
# and with the emitter that compiles in a third of the time (jaxlib 0.11 no longer has it).
FLAGS = [
    "--xla_force_host_platform_device_count=8",
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
]
if importlib.metadata.version("jaxlib").startswith("0.10."):
    FLAGS.append("--xla_cpu_use_fusion_emitters=false")
os.environ["XLA_FLAGS"] = " ".join(FLAGS)
os.environ["JAX_PLATFORMS"] = "cpu"
CACHE = pathlib.Path(__file__).parent.parent / ".pytest_cache" / "jax"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

# One of two workers begins with what needs the data, the other with what does not.
LONGEST = (
    *("test_commands.py", "test_contract.py", "test_imitation.py", "test_ablate.py"),
    *("test_offline.py", "test_reward.py", "test_ppo.py", "test_rollout.py", "test_hosts.py"),
)


def pytest_collection_modifyitems(items):
    """What takes longest goes first, so that two workers end together."""
    order = dict(zip(LONGEST, range(len(LONGEST))))
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.fixture(autouse=True, scope="module")
def room_for_programs():
    """Forgets compiled programs in time: Linux lets a process map 65,530 pieces of memory, and XLA
    dies of more."""
    yield
    maps = pathlib.Path("/proc/self/maps")
    if maps.exists() and maps.read_bytes().count(b"\n") > 30_000:
        import jax  # not above: it reads the environment

        jax.clear_caches()


@pytest.fixture(scope="session")
def build_run(tmp_path_factory):
    """Returns the folder into which the command line built the glyphs, and what it printed."""
    base = tmp_path_factory.getbasetemp()
    # Workers share it: the second finds it built, or waits until it is.
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "data"
    root.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "memlearn.data.build", "glyphs", "--describe"]
    run = subprocess.run([*command, f"--data_dir={root}"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return root, run.stdout


@pytest.fixture(scope="session")
def data_dir(build_run):
    """Returns a folder into which the glyphs were built."""
    return build_run[0]
