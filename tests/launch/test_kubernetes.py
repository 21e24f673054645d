"""Manifests for Kubernetes: against its own schemas, and for the two kinds of accelerators."""

import re
import subprocess
import sys

import kubernetes_validate
import pytest
import yaml

from launch import kubernetes
from launch.jobs import Job

PLACE = "--image=registry/memlearn:1", "--claim=disk"
STUDY = "--study=experiments/ablations/lag.py", *PLACE
# What lists its jobs sooner: those of a study are asked of `experiments.ablate`.
RUN = "--config=experiments/configs/binding.py", "--workdir=runs/b", "--seeds=1", *PLACE


def call(*arguments):
    command = [sys.executable, "-m", "launch.kubernetes", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def manifests(*arguments):
    asked = call("--dry-run", *arguments)
    assert asked.returncode == 0, asked.stderr
    return list(yaml.safe_load_all(asked.stdout))


def jobs_of(manifest):
    """A JobSet is no part of Kubernetes itself; the jobs it is made of are."""
    assert (manifest["apiVersion"], manifest["kind"]) == ("jobset.x-k8s.io/v1alpha2", "JobSet")
    assert set(manifest["spec"]) == {"replicatedJobs"}
    for replicated in manifest["spec"]["replicatedJobs"]:
        assert set(replicated) == {"name", "template"}
        metadata = dict(name=f"{manifest['metadata']['name']}-{replicated['name']}-0")
        yield dict(apiVersion="batch/v1", kind="Job", metadata=metadata, **replicated["template"])


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (STUDY, ["lag-learned", "lag-present"]),
        ((*RUN, "--gpus=0"), ["b-0"]),
        ((*RUN, "--tpu=tpu-v5-lite-podslice"), ["b-0"]),
    ],
)
def test_every_job_keeps_the_schema(asked, names):
    found = manifests(*asked)
    assert [x["metadata"]["name"] for x in found] == names
    for job in (job for manifest in found for job in jobs_of(manifest)):
        kubernetes_validate.validate(job, "1.31", strict=True)
        job["spec"]["template"]["spec"]["containers"][0]["comand"] = []
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(job, "1.31", strict=True)


def pod(*arguments):
    return next(jobs_of(manifests(*arguments)[0]))["spec"]["template"]["spec"]


def test_a_job_runs_its_command_where_its_accelerator_is():
    (container,) = pod(*RUN, "--gpus=2", "--", "--config.updates=9")["containers"]
    assert container["command"][:3] == ["python", "-m", "experiments.train"]
    assert container["command"][-2:] == ["--config.seed=0", "--config.updates=9"]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 2}
    on_tpu = pod(*RUN, "--tpu=tpu-v5-lite-podslice", "--topology=2x2")
    assert on_tpu["containers"][0]["resources"]["limits"] == {"google.com/tpu": 4}
    assert on_tpu["nodeSelector"]["cloud.google.com/gke-tpu-topology"] == "2x2"


def test_hosts_of_a_job_find_the_first():
    (manifest,) = manifests(*RUN, "--hosts=4")
    (job,) = jobs_of(manifest)
    kubernetes_validate.validate(job, "1.31", strict=True)
    ended = job["spec"]["podFailurePolicy"]["rules"][1]["onExitCodes"]["values"]
    assert ended == [75, 130]  # of hosts.ENDED, and of a run that was asked to stop
    assert (job["spec"]["completions"], job["spec"]["parallelism"]) == (4, 4)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    told = ["--hosts=4", "--host=$(JOB_COMPLETION_INDEX)", "--coordinator=b-0-run-0-0.b-0:1234"]
    assert container["command"][-3:] == told


def test_jobs_of_a_long_name_are_told_apart():
    names = {kubernetes.name(Job(f"{'9 lives ' * 9}-{seed}", ())) for seed in range(3)}
    assert len(names) == 3 and all(re.fullmatch("[a-z][a-z0-9-]{,39}", name) for name in names)


def test_what_cannot_be_handed_over_is_said(tmp_path, monkeypatch):
    asked = call(*RUN, "--tpu=tpu-v4-podslice", "--topology=2x2x4")
    assert asked.returncode == 2
    assert asked.stderr.endswith("a host has 1 to 8 chips, not 16; see --hosts and --topology\n")
    asked = call(*STUDY, "--hosts=2")
    assert asked.stderr.endswith("a study has one host a job; several train a --config together\n")
    asked = call(*RUN, "--topology=square")
    assert asked.stderr.endswith("argument --topology: 'square' is not such as 2x4\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    asked = call(*RUN)
    assert asked.returncode == 2 and "kubectl is not there; install it" in asked.stderr
