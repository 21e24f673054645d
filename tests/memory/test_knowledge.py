"""Knowledge: what is true in every lifetime is learned, and kept in slots."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from memlearn import build
from memlearn.memory.knowledge import Knowledge
from memlearn.types import KNOWN, Event
from tests.worlds import small_config, small_run


def test_facts_that_follow_no_rule_are_learned():
    """Sixty-four points in a plane, each of them arbitrarily good or bad."""
    rng = np.random.default_rng(0)
    points = jnp.asarray(rng.normal(size=(64, 1, 2)), jnp.float32)
    worth = jnp.asarray(rng.choice([-1.0, 1.0], size=(64, 1, 1, 1)), jnp.float32)
    events = Event(points[:, :, None], jnp.ones((64, 1, 1), bool), points)
    told = Knowledge(
        2, perceived=1, recalled=0, questions=2, side=16, value_width=4, key_width=8, nearest=4
    )
    begins = jnp.ones((64, 1), jnp.int32)
    params, optimizer = told.init(jax.random.key(0), (), events, begins), optax.adam(0.03)

    def loss_fn(params):
        return jnp.mean(jnp.square(told.apply(params, (), events, begins)[1][..., :1] - worth))

    @jax.jit
    def learn(carry, _):
        params, moments = carry
        loss, grads = jax.value_and_grad(loss_fn)(params)
        changes, moments = optimizer.update(grads, moments)
        return (optax.apply_updates(params, changes), moments), loss

    losses = jax.lax.scan(learn, (params, optimizer.init(params)), length=300)[1]
    assert losses[0] == 1.0, "nothing is said at first"
    flat = np.concatenate([points[:, 0], np.ones((64, 1))], axis=1)
    ruled = np.linalg.lstsq(flat, worth[:, 0, 0], rcond=None)[1] / 64
    assert ruled > 0.8 and losses[-1] < 0.25, "there is no rule to go by"


def test_a_policy_has_it_on_top_of_its_memory():
    fields = {"memory.knowledge": 4, "memory.nearest": 8}
    config = small_config()
    config.update_from_flattened_dict(fields)
    *_, top = build.policy(config).memories
    assert top.recalled == config.memory.banks and top.side == 4
    run = small_run(**fields)
    update = jax.jit(run.update)
    state = update(run.state, run.draw(jax.random.key(0), 0))[0]
    for step in range(1, 3):
        state, report = update(state, run.draw(jax.random.key(0), step))
    values = [s.params["params"]["memories_1"][KNOWN] for s in (run.state, state)]
    assert values[0].shape == (16, config.memory.value_width)
    assert jnp.isfinite(report["loss"]) and jnp.any(values[0] != values[1])
