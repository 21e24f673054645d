"""The policy: acting equals training, whatever modalities there are."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.configs import binding
from memlearn import build
from memlearn.policy import NEVER
from memlearn.types import LIFETIME, TimeStep

B, T = 2, 5


@pytest.fixture(scope="module")
def config():
    config = binding.get_config()
    config.width, config.channels = 16, (4, 4)
    config.memory.banks, config.memory.slots, config.memory.layers = 2, 4, 2
    return config


@pytest.fixture(scope="module")
def steps(config):
    rng = np.random.default_rng(0)
    observation = {
        "image": jnp.asarray(rng.integers(0, 256, (B, T, 32, 32, 3)), jnp.uint8),
        "text": jnp.asarray(rng.integers(0, 20, (B, T, 2)), jnp.int32),
        "vector": jnp.asarray(rng.normal(size=(B, T, 1)), jnp.float32),
        "action": jnp.asarray(rng.integers(0, config.words, (B, T)), jnp.int32),
        "reward": jnp.asarray(rng.random((B, T)), jnp.float32),
    }
    present = {name: jnp.asarray(rng.random((B, T)) < 0.8) for name in observation}
    boundary = jnp.zeros((B, T), jnp.int32).at[:, 0].set(LIFETIME)
    nothing = jnp.zeros((B, T), jnp.int32)
    return TimeStep(observation, present, boundary, nothing > 0, nothing, nothing + config.words)


@pytest.fixture(scope="module")
def params(config, steps):
    policy = build.policy(config)
    return jax.jit(policy.init)(jax.random.key(0), policy.initial_state(B), steps)


@pytest.fixture(scope="module")
def live(config):
    """The policy as a compiled function of parameters, state and steps."""
    return jax.jit(build.policy(config).apply)


def test_acting_equals_training(config, steps, params, live):
    policy = build.policy(config)
    _, whole, traces = live(params, policy.initial_state(B), steps)
    assert traces == (None, None), "one for each layer, and none was asked for"
    state, logits = policy.initial_state(B), []
    for t in range(T):
        now = jax.tree.map(lambda x, t=t: x[:, t : t + 1], steps)
        state, output, _ = live(params, state, now)
        logits.append(output.logits)
    chex.assert_trees_all_close(jnp.concatenate(logits, 1), whole.logits, atol=2e-5)
    assert whole.logits.shape == (B, T, config.words) and whole.value.shape == (B, T)


def test_what_is_absent_makes_no_difference(config, steps, params, live):
    state = build.policy(config).initial_state(B)

    def logits(steps):
        return live(params, state, steps)[1].logits

    observation = dict(steps.observation)
    mask = steps.present["image"][..., None, None, None]
    observation["image"] = jnp.where(mask, observation["image"], 77)
    np.testing.assert_array_equal(logits(steps._replace(observation=observation)), logits(steps))


def test_what_is_no_choice_is_never_answered(config, steps, params, live):
    state = build.policy(config).initial_state(B)
    few = live(params, state, steps._replace(choices=steps.choices.at[0].set(3)))[1].logits
    all_words = live(params, state, steps)[1].logits
    assert jnp.all(few[0, :, 3:] == NEVER) and jnp.all(all_words > NEVER)
    np.testing.assert_array_equal(few[0, :, :3], all_words[0, :, :3])
    np.testing.assert_array_equal(few[1:], all_words[1:])


def test_a_missing_modality_is_a_masked_one(config, steps, params, live):
    state = build.policy(config).initial_state(B)

    def logits(steps):
        return live(params, state, steps)[1].logits

    masked = {**steps.present, "reward": jnp.zeros((B, T), bool)}
    without = {name: x for name, x in steps.observation.items() if name != "reward"}
    missing = steps._replace(observation=without)
    np.testing.assert_allclose(logits(missing), logits(steps._replace(present=masked)), atol=1e-6)


def test_the_second_layer_sees_what_the_first_recalled(config, steps, params):
    policy = build.policy(config)

    def structure(params):
        traces = policy.apply(params, policy.initial_state(B), steps, trace=True)[2]
        return jnp.sum(jnp.square(traces[1].key_sources - 0.3))

    # The source weights begin independent of the context.
    trained = jax.tree.map(lambda x: x + 0.1, params)
    gradients = jax.jit(jax.grad(structure))(trained)["params"]["memories_0"]
    assert jnp.all(jnp.any(gradients["out"] != 0, axis=(1, 2))), "every bank counts"


def test_layers_share_the_address_maps_of_what_is_perceived(params):
    first, second = params["params"]["memories_0"], params["params"]["memories_1"]
    assert first["maps"]["maps"].shape == (5, 16, 32), "one of each modality, for both"
    assert "maps" not in second, "the second layer has no others"
    assert second["keys"]["recalled"]["maps"].shape == (2, 16, 32), "but of what it is told"
