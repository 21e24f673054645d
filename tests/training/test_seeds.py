"""Several seeds in one program learn what each learns alone."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.learning import imitation
from memlearn.training.seeds import seed, seeded, several
from tests.worlds import small_run


@pytest.mark.parametrize("backend", ["cpu", "gpu"])  # one after another, and all at once
def test_seeds_in_one_program_equal_each_alone(monkeypatch, backend):
    run = small_run(**{"memory.kind": "gru"})
    keys = jax.vmap(jax.random.key)(jnp.arange(2))
    batches = [run.draw(key, 0) for key in keys]
    optimizer = run.update.keywords["optimizer"]
    init = functools.partial(imitation.init, run.policy, optimizer, batches[0])
    alone = [jax.jit(run.update)(init(key), batch) for key, batch in zip(keys, batches)]

    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    together = seeded(run.update)
    states = together.spread(several(init, keys))
    stacked = jax.tree.map(lambda *each: jnp.stack(each), *batches)
    states, report = together.update(states, stacked)
    for index, (state, _) in enumerate(alone):
        chex.assert_trees_all_close(seed(states, index).params, state.params, atol=1e-5)
    losses = [report["loss"] for _, report in alone]
    np.testing.assert_allclose(report["loss"], np.mean(losses), rtol=1e-5)
    different = jax.tree.map(lambda x: jnp.any(x[0] != x[1]), states.params)
    assert any(jax.tree.leaves(different))
