"""Train an agent of memlearn."""

import jax

from benchmarks.peers.settings import Trained, timed
from experiments import courses
from memlearn import build
from memlearn.evaluation import study


def train(config):
    """Return the `Trained` agent of a configuration."""
    policy, optimizer = build.policy(config), build.optimizer(config)
    course = courses.course(config, policy, optimizer)
    learn = jax.jit(build.update(config, policy, optimizer), donate_argnums=0)

    def update(state, step):
        return learn(state, course.draw(state.key, step), *course.shared)[0]

    state, speed = timed(config, update, course.begin(jax.random.key(config.seed)))
    return Trained(policy, state.params, speed, **study.sizes(policy, state.params))
