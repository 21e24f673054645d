"""Many runs at once: the variants of a study, or the seeds of a configuration.

`jobs` says what is to be run; `local` runs it on this machine and `slurm` hands it to a cluster.
What was interrupted goes on where it stopped when the same command is given again. Nothing here
imports jax: whoever launches needs no accelerator, and takes none from what is launched.
"""
