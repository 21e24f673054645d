"""Curriculum: which tasks are met at which step of a run, and at which level."""

import jax
import jax.numpy as jnp


def meet(world, step, later, later_after, levels, easier_until):
    """Return a world as it is met at a step.

        level = min(floor(step (L - 1) / easier_until), L - 1)        the easiest is level 0

    Before what it builds on is known, a task has nothing to teach but to ignore memory, and before
    few things can be told apart there is little reward for telling many.

    Args:
      world: `LifetimeParams`; its `tasks`, float `[K]`, say how often each is met in the end.
      step: int32 scalar, of the run.
      later: which tasks are not met before `later_after`, K bools; all of them together count as
        none.
      later_after: a step.
      levels: L, how many levels the environment has, the whole one last.
      easier_until: the step from which the whole level alone is met; of no account if L is 1.

    Returns:
      the world with `tasks`, float `[L * K]`: of each level, every task.
    """
    early = jnp.where(jnp.array(later) & (step < later_after), 0.0, world.tasks)
    tasks = jnp.where(early.any(), early, world.tasks)
    level = jnp.minimum(step * (levels - 1) // max(easier_until, 1), levels - 1)
    return world.replace(tasks=jnp.outer(jax.nn.one_hot(level, levels), tasks).ravel())
