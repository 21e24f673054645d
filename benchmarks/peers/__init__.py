"""Agents of memlearn and of memorax, side by side: the same tasks, steps, widths and seeds.

    make peers

`settings` says what is compared, `ours` and `theirs` train an agent of either library, `run` is one
agent on one task with one seed, `__main__` runs all, and `report` makes the tables. memorax brings
much that nobody else needs, and is installed in an environment of its own, `.venv-peers`.

What is alike: environments, steps, encoders, width, optimizer, and every setting of PPO that both
have, which were tuned on ours. What is not: memorax's policy, advantages and entropy count steps at
which there is no choice, its entropy bonus stays as it begins, it has no discount of its own for
episodes, and it shuffles environments before it divides them into minibatches. Its returns are as
they were rewarded, ours in units of their spread; and where advantages are all but alike, it blows
them up and ours does not.
"""
