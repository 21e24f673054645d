"""Hand jobs to Kubernetes, as JobSets, on nodes with GPUs or with TPUs.

    python -m launch.kubernetes --study=experiments/ablations/keys.py --image=IMAGE --claim=CLAIM
        [--gpus=1 | --tpu=TYPE --topology=2x4] [--cores=8] [--hosts=1] [--dry-run]
        [-- OPTIONS OF EACH]

As `launch.local`. IMAGE has the code in --folder, its working directory. CLAIM is a persistent
volume claim that is mounted there as `runs`, so that what a job writes outlives it: have a study
write there, too (`-- --out=runs/results`). A pod that has to make room for others saves, and
another goes on from there. With --config and --hosts a job has so many pods, which train
together, each with so many GPUs or an equal part of a slice of TPUs; CLAIM is one that many may
write to. --dry-run prints the manifests, which is what `kubectl apply -f -` is given.
"""

import argparse
import math
import re
import subprocess
import sys

import yaml

from launch import jobs

GRACE = 300  # seconds to save in
HOST = 8  # chips that one host of a TPU has at most
PORT = 1234  # where the first host of a job is found by the others


def main():
    parser = jobs.options(__doc__, hosts="how many pods train a job together")
    parser.add_argument("--image", required=True, help="of the container")
    parser.add_argument("--claim", required=True, help="for what jobs write")
    parser.add_argument("--folder", default="/memlearn", help="of the code, in the image")
    parser.add_argument("--cores", type=int, default=8, help="of each host")
    parser.add_argument("--gpus", type=int, default=1, help="of each host, where there is no TPU")
    parser.add_argument("--tpu", help="the type of a TPU, such as tpu-v5-lite-podslice")
    parser.add_argument("--topology", type=topology, default="2x4", help="of its chips, all hosts")
    given, asked = jobs.asked(parser)
    if given.tpu and (here := chips(given.topology) / given.hosts) not in range(1, HOST + 1):
        parser.error(f"a host has 1 to {HOST} chips, not {here:g}; see --hosts and --topology")
    manifests = yaml.safe_dump_all([jobset(job, given) for job in asked], sort_keys=False)
    if given.dry_run:
        return print(manifests, end="")
    try:
        apply = ["kubectl", "apply", "-f", "-"]
        sys.exit(subprocess.run(apply, input=manifests, text=True).returncode)
    except FileNotFoundError:
        parser.error("kubectl is not there; install it, or pass on what --dry-run prints")


def topology(text):
    """Return a topology such as `2x4`, or tell the parser that it is none."""
    if not re.fullmatch(r"\d+(x\d+)*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not such as 2x4")
    return text


def chips(topology):
    """How many chips a topology such as `2x4` has."""
    return math.prod(map(int, topology.split("x")))


def jobset(job, given):
    """Return the manifest of a `Job`, for the options `given`."""
    accelerator, nodes = {}, {}
    if given.tpu:
        accelerator = {"google.com/tpu": chips(given.topology) // given.hosts}
        place = "cloud.google.com/gke-tpu"
        nodes = {f"{place}-accelerator": given.tpu, f"{place}-topology": given.topology}
    elif given.gpus:
        accelerator = {"nvidia.com/gpu": given.gpus}
    container = {
        "name": "memlearn",
        "image": given.image,
        "workingDir": given.folder,
        "command": ["python", *job.command, *together(job, given)],
        "resources": {"requests": {"cpu": given.cores, **accelerator}, "limits": accelerator},
        "volumeMounts": [{"name": "runs", "mountPath": f"{given.folder}/runs"}],
    }
    pod = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": GRACE,
        "nodeSelector": nodes,
        "containers": [container],
        "volumes": [{"name": "runs", "persistentVolumeClaim": {"claimName": given.claim}}],
    }
    # Who had to make room is begun again, as often as that is; who failed would fail again.
    made_room = [{"type": "DisruptionTarget", "status": "True"}]
    rules = [{"action": "Ignore", "onPodConditions": made_room}]
    annotations = {}
    if given.hosts > 1:
        # The others end with it: asked to, or since they cannot go on.
        exits = {"containerName": "memlearn", "operator": "In", "values": [75, 130]}
        rules.append({"action": "Ignore", "onExitCodes": exits})
        if given.tpu:  # all of one slice
            exclusive = "alpha.jobset.sigs.k8s.io/exclusive-topology"
            annotations = {exclusive: "cloud.google.com/gke-nodepool"}
    spec = {
        "completionMode": "Indexed",
        "completions": given.hosts,
        "parallelism": given.hosts,
        "backoffLimit": 0,
        "podFailurePolicy": {"rules": rules},
        "template": {"spec": pod},
    }
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": name(job), "annotations": annotations},
        "spec": {"replicatedJobs": [{"name": "run", "template": {"spec": spec}}]},
    }


def together(job, given):
    """What each pod of a job is told besides; which it is, Kubernetes puts in its environment."""
    if given.hosts == 1:
        return []
    first = f"{name(job)}-run-0-0.{name(job)}:{PORT}"
    index = "--host=$(JOB_COMPLETION_INDEX)"
    return [f"--hosts={given.hosts}", index, f"--coordinator={first}"]


def name(job):
    """The name of a job as Kubernetes takes one: the last 40 small letters, digits and hyphens.

    It begins with a letter; how it ends tells seeds and variants apart.
    """
    return re.sub("[^a-z0-9]+", "-", job.name.lower())[-40:].lstrip("-0123456789").rstrip("-")


if __name__ == "__main__":
    main()
