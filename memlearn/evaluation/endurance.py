"""Endurance: one life of many chapters, of which memory is kept, and what that costs.

A chapter is a lifetime of the run's tasks. Classes come back in later ones under other words, so
that what is remembered of earlier ones is no help, and in the way unless it is forgotten.
"""

import functools
import math
import time
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from memlearn import mesh
from memlearn.evaluation.retrieval import interval
from memlearn.tasks.play import going_on, play, reset, student
from memlearn.types import DEVICES


class Stretch(NamedTuple):
    """What some chapters in a row were like.

    Attributes:
      lived: steps by the end of it.
      score: questions of last episodes answered right, as a fraction; mean over lives.
      low, high: its 95 % interval, from a bootstrap over lives.
      emptied: the mean of an agent that begins every chapter with an empty memory.
      milliseconds: a step took, of all lives together.
      megabytes: of all arrays that the process holds, on all its devices together.
    """

    lived: int
    score: float
    low: float
    high: float
    emptied: float
    milliseconds: float
    megabytes: float


@functools.partial(jax.jit, static_argnums=(0, 1))
def chapter(env, policy, params, world, keys, memory, begins):
    """Live one chapter.

    Args:
      env: a `Lifetime`.
      policy: a `MultimodalPolicy`.
      params: its parameters.
      world: `LifetimeParams`.
      keys: random keys `[B]`, of this chapter of each life.
      memory: the state that the chapter before left.
      begins: whether a life begins with it: then memory is empty.

    Returns:
      the state after it, and the fraction of right answers in the last episode, float `[B]`.
    """
    answer = student(policy, params)

    def act(memory, steps):
        return answer(memory, going_on(steps, ~begins))

    lifetimes = reset(env, world, keys)
    _, memory, record = play(env, world, lifetimes, act, memory, env.length)
    asked = record.steps.question & (jnp.arange(env.length) >= env.last_episode)
    return memory, (record.rewards * asked).sum(1) / asked.sum(1)


def stretches(env, policy, params, world, lives, chapters):
    """Live many chapters on all devices, and tell of every stretch of them.

    Lives are spread over the devices, if they can be divided by them; if not, the slots of a store,
    if these can be; else every device does the same.

    Args:
      env, policy: as for `chapter`.
      params, world: the same; they are copied to every device where they are not.
      lives: B, how many are lived side by side.
      chapters: how many there are in each stretch, a list.

    Yields:
      `Stretch`, one for each of `chapters`.
    """
    empty, live = on_all_devices(env, policy, params, world, lives)
    # What is compiled is, before the clock starts; twice, as an empty memory may be
    # placed otherwise than a chapter leaves it.
    once = live(0, empty, begins=True)[0]
    jax.block_until_ready(live(0, once, begins=True))
    memory, lived = empty, 0
    for count in chapters:
        right, began = [], time.perf_counter()
        for number in range(lived, lived + count):
            memory, score = live(number, memory, begins=number == 0)
            right.append(score)
        right = np.mean(jax.device_get(right), axis=0)  # waits
        seconds = time.perf_counter() - began
        emptied = [live(number, empty, begins=True)[1] for number in range(lived, lived + count)]
        lived += count
        yield Stretch(
            lived * env.length, float(right.mean()), *interval(right),
            float(np.mean(jax.device_get(emptied))), 1e3 * seconds / (count * env.length), _held(),
        )  # fmt: skip


def on_all_devices(env, policy, params, world, lives):
    """Return an empty memory of so many lives, and a function that lives a chapter.

    The function is of the number of the chapter, which decides what happens in it, of the memory
    that the one before left, and of whether a life `begins`; it returns what `chapter` does.
    """
    params, world = on_every_device((params, world))
    line = mesh.of(jax.local_devices())
    divided = lives % line.size == 0
    part = NamedSharding(line, P(DEVICES) if divided else P())

    def live(number, memory, begins):
        keys = jax.random.split(jax.random.fold_in(jax.random.key(4), number), lives)
        keys = jax.device_put(keys, part)
        with jax.set_mesh(line):
            return chapter(env, policy, params, world, keys, memory, jnp.bool_(begins))

    placed = jax.jit(
        policy.initial_state, static_argnums=0, out_shardings=part if divided else None
    )
    with jax.set_mesh(line):
        return placed(lives), live


def on_every_device(tree):
    """Return arrays of which every device has a copy."""
    return jax.device_put(tree, NamedSharding(mesh.of(jax.local_devices()), P()))


def _held():
    """How much all devices together hold in arrays, in megabytes."""

    def held(x):  # not by its shards: to look at them makes arrays
        part = math.prod(x.sharding.shard_shape(x.shape))
        return part * x.dtype.itemsize * len(x.sharding.addressable_devices)

    return sum(map(held, jax.live_arrays())) / 2**20
