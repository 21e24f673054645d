"""What is launched: the variants of a study, or the seeds of a configuration."""

import subprocess
import sys


def call(module, *arguments):
    command = [sys.executable, "-m", f"launch.{module}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_a_configuration_has_a_job_for_each_seed():
    config = "--config=experiments/configs/binding.py"
    asked = call(
        "local", "--dry-run", config, "--workdir=runs/b", "--seeds=2", "--", "--config.updates=9"
    )
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.splitlines() == [
        f"python -m experiments.train {config} --workdir=runs/b-{seed} --config.seed={seed} "
        "--config.updates=9"
        for seed in range(2)
    ]


def test_a_study_has_a_job_for_each_variant():
    study = "--study=experiments/ablations/lag.py"
    asked = call("slurm", "--dry-run", study, "--partition=gpu", "--hours=2", "--", "--lifetimes=8")
    assert asked.returncode == 0, asked.stderr
    resources, *jobs = asked.stdout.splitlines()
    asked_for = "timeout_min=120 nodes=1 cpus_per_task=8 gpus_per_node=1 slurm_partition=gpu"
    assert resources == asked_for
    assert jobs == [
        f"python -m experiments.ablate {study} --seeds=3 --lifetimes=8 --only={variant}"
        for variant in ("learned", "present")
    ]


def test_nodes_of_a_job_find_each_other():
    config = "--config=experiments/configs/binding.py", "--workdir=runs/b", "--seeds=1"
    resources, job = call("slurm", "--dry-run", *config, "--hosts=2").stdout.splitlines()
    assert "nodes=2" in resources.split()
    assert job.endswith("--config.seed=0 --hosts=2 --coordinator=auto")


def test_what_cannot_be_launched_is_said():
    for arguments, complaint in (
        ((), "one of the arguments --study --config is required"),
        (("--config=a.py",), "name a --workdir; seed 0 is run in WORKDIR-0, and so on"),
    ):
        asked = call("local", *arguments)
        assert asked.returncode == 2 and asked.stderr.endswith(f"error: {complaint}\n")


def test_who_launches_takes_no_accelerator():
    code = (
        "import launch.kubernetes, launch.local, launch.slurm, sys; sys.exit('jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
