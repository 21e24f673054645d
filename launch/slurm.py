"""Hand jobs to SLURM, which runs them when it has room, and again where they were cut off.

    python -m launch.slurm --study=experiments/ablations/keys.py --partition=gpu [--hours=12]
        [--cores=8] [--gpus=1] [--hosts=1] [--dry-run] [-- OPTIONS OF EACH]

As `launch.local`, by submitit (`pip install -e '.[slurm]'`). When a job is preempted or its time is
up, it saves, and waits in the queue to go on. With --config and --hosts each job has so many nodes,
which train together.
"""

import os
import signal
import sys

from launch import jobs


class Call:
    """A command, as submitit calls it, and what there is to do when it has to make room.

    Args:
      command: what Python is called with.
    """

    def __init__(self, command):
        self.command, self.pid = command, None

    def __call__(self):
        # No Popen: the signal comes while it waits, and whoever waits for it twice waits for ever.
        # SLURM signals all processes of a job; what this one's is for, the command does not know.
        arguments = [sys.executable, *self.command]
        blocked = dict(setsigmask=[signal.SIGUSR2])
        self.pid = os.posix_spawn(sys.executable, arguments, os.environ, **blocked)
        _, status = os.waitpid(self.pid, 0)
        if code := os.waitstatus_to_exitcode(status):
            raise RuntimeError(f"exit code {code}")

    def checkpoint(self):
        """Let the process save and end; return what is to be queued."""
        from submitit.helpers import DelayedSubmission

        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        return DelayedSubmission(Call(self.command))


def main():
    parser = jobs.options(__doc__, hosts="how many nodes train a job together")
    parser.add_argument("--logs", default="runs/logs", help="the folder for what jobs print")
    parser.add_argument("--partition", help="of the cluster")
    parser.add_argument("--hours", type=int, default=12, help="before a job is queued again")
    parser.add_argument("--cores", type=int, default=8, help="of each node")
    parser.add_argument("--gpus", type=int, default=1, help="of each node")
    given, asked = jobs.asked(parser)
    together = [f"--hosts={given.hosts}", "--coordinator=auto"] if given.hosts > 1 else []
    asked = [job._replace(command=(*job.command, *together)) for job in asked]
    resources = dict(timeout_min=60 * given.hours, nodes=given.hosts, cpus_per_task=given.cores)
    resources |= dict(gpus_per_node=given.gpus, slurm_partition=given.partition)
    if given.dry_run:
        print(*(f"{name}={value}" for name, value in resources.items()))
        return jobs.show(asked)
    try:
        import submitit
    except ImportError as error:
        parser.error(f"{error}; to install it: pip install -e '.[slurm]'")
    try:
        executor = submitit.AutoExecutor(folder=given.logs, cluster="slurm")
    except RuntimeError as error:
        parser.error(f"{error}; is this a machine of the cluster?")
    for job in asked:
        # A node that has saved and ended must not end the one that queues the job again.
        patient = dict(tasks_per_node=1, slurm_srun_args=["--kill-on-bad-exit=0"])
        executor.update_parameters(name=job.name, **patient, **resources)
        submitted = executor.submit(Call(job.command))
        print(submitted.job_id, job.name, submitted.paths.stdout)


if __name__ == "__main__":
    main()
