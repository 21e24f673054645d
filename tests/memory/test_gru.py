"""The GRU is that of flax, but that what events say is computed for all steps at once."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.memory.fixed.gru import GRUMemory
from memlearn.types import LIFETIME, NONE, Event

B, T, D, HIDDEN = 2, 7, 4, 5
MEMORY = GRUMemory(width=D, perceived=1, recalled=0, hidden=HIDDEN)
# Gates, as they are called here and in flax.
GATES = {"reset": "r", "update": "z", "candidate": "n"}


def as_flax_has_them(params):
    """The parameters of the memory's loop, by the names of `nn.GRUCell`."""
    kernels = jnp.split(params["heard"]["kernel"], 3, axis=-1)
    biases = jnp.split(params["heard"]["bias"], 3, axis=-1)
    recurrent = {f"h{GATES[gate]}": x for gate, x in params["step"].items()}
    heard = zip(GATES.values(), kernels, biases)
    return recurrent | {f"i{gate}": dict(kernel=k, bias=b) for gate, k, b in heard}


def by_flax(params, hidden, fused, boundaries):
    """The hidden state after every step, one call of the cell after the other."""
    cell, outs = nn.GRUCell(HIDDEN), []
    cell_params = dict(params=as_flax_has_them(params))
    for t in range(T):
        hidden = jnp.where((boundaries[:, t] == LIFETIME)[:, None], 0, hidden)
        hidden, _ = cell.apply(cell_params, hidden, fused[:, t])
        outs.append(hidden)
    return jnp.stack(outs, axis=1)


def test_is_the_cell_of_flax_with_all_gradients():
    key_params, key_noise, key_fused, key_hidden = jax.random.split(jax.random.key(0), 4)
    fused = jax.random.normal(key_fused, (B, T, D))
    boundaries = jnp.full((B, T), NONE).at[1, 3].set(LIFETIME)
    state = MEMORY.initial_state(B)
    state = state._replace(hidden=jax.random.normal(key_hidden, state.hidden.shape))

    def events(fused):
        return Event(fused[:, :, None], jnp.ones((B, T, 1), bool), fused)

    params = MEMORY.init(key_params, state, events(fused), boundaries)["params"]
    leaves, structure = jax.tree.flatten(params)
    noisy = [
        x + jax.random.normal(k, x.shape)
        for x, k in zip(leaves, jax.random.split(key_noise, len(leaves)))
    ]
    params = jax.tree.unflatten(structure, noisy)

    def ours(params, hidden, fused):
        after, out, _ = MEMORY.apply(
            dict(params=params), state._replace(hidden=hidden), events(fused), boundaries
        )
        return out[:, :, 0], after.hidden

    def theirs(params, hidden, fused):
        hiddens = by_flax(params, hidden, fused, boundaries)
        return hiddens @ params["out"]["kernel"] + params["out"]["bias"], hiddens[:, -1]

    args = params, state.hidden, fused
    chex.assert_trees_all_close(ours(*args), theirs(*args), atol=1e-6)
    weights = jax.random.normal(jax.random.key(1), (B, T, D)), jnp.arange(B * HIDDEN) / 5

    def gradients(function):
        def energy(*args):
            out, hidden = function(*args)
            return jnp.sum(weights[0] * out) + jnp.vdot(weights[1], hidden)

        return jax.grad(energy, argnums=(0, 1, 2))(*args)

    chex.assert_trees_all_close(gradients(ours), gradients(theirs), atol=1e-5)
