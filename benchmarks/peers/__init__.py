"""Agents of memlearn and of memorax, side by side: the same tasks, steps, widths and seeds.

    make peers                      # installs what it needs in .venv-peers, and runs it
    python -m benchmarks.peers --peers=.venv-peers/bin/python --tasks=popgym:RepeatPreviousEasy

`settings` says what is compared, `ours` and `theirs` train an agent of either library, `run` is one
agent on one task with one seed, and `__main__` runs all and makes the tables. memorax asks for
another gymnax than memlearn, and so lives in an environment of its own.
"""
