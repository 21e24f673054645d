"""Train an agent of memlearn."""

import time

import jax

from benchmarks.peers.settings import Trained, steps_each
from experiments import courses
from memlearn import build
from memlearn.evaluation import study


def train(config):
    """Return the `Trained` agent of a configuration."""
    policy, optimizer = build.policy(config), build.optimizer(config)
    course = courses.course(config, policy, optimizer)
    update = jax.jit(build.update(config, policy, optimizer), donate_argnums=0)
    state = course.begin(jax.random.key(config.seed))
    for step in range(config.updates):
        if step == 1:
            start = time.perf_counter()
        state, report = update(state, course.draw(state.key, step), *course.shared)
        jax.block_until_ready(report)
    speed = (config.updates - 1) * steps_each(config) / (time.perf_counter() - start)
    return Trained(policy, state.params, speed, **study.sizes(policy, state.params))
