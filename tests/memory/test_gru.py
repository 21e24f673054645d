"""The GRU is that of flax, but that what events say is computed for all steps at once."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp

from memlearn.types import LIFETIME, NONE
from tests.memory import test_contract as contract

MEMORY = contract.MEMORIES["gru"]
BOUNDARIES = contract.BOUNDARIES.at[:, 0].set(NONE)  # so that the state handed in has a say
# Gates, as they are called here and in flax.
GATES = {"reset": "r", "update": "z", "candidate": "n"}


def as_flax_has_them(params):
    """The parameters of the memory's loop, by the names of `nn.GRUCell`."""
    kernels = jnp.split(params["heard"]["kernel"], 3, axis=-1)
    biases = jnp.split(params["heard"]["bias"], 3, axis=-1)
    recurrent = {f"h{GATES[gate]}": x for gate, x in params["step"].items()}
    heard = zip(GATES.values(), kernels, biases)
    return recurrent | {f"i{gate}": dict(kernel=k, bias=b) for gate, k, b in heard}


def ours(params, state, fused):
    events = contract.EVENTS._replace(fused=fused)
    after, out, _ = MEMORY.apply(params, state, events, BOUNDARIES)
    return out[:, :, 0], after.hidden


def by_flax(params, state, fused):
    """The same, one call of the cell after the other."""
    params, hidden, outs = params["params"], state.hidden, []
    cell, cell_params = nn.GRUCell(MEMORY.hidden), dict(params=as_flax_has_them(params))
    for t in range(contract.T):
        hidden = jnp.where((BOUNDARIES[:, t] == LIFETIME)[:, None], 0, hidden)
        hidden, _ = cell.apply(cell_params, hidden, fused[:, t])
        outs.append(hidden)
    return jnp.stack(outs, axis=1) @ params["out"]["kernel"] + params["out"]["bias"], hidden


def test_is_the_cell_of_flax_with_all_gradients():
    state = MEMORY.initial_state(contract.B)
    state = state._replace(hidden=jax.random.normal(jax.random.key(0), state.hidden.shape))
    args = contract.params_of(MEMORY), state, contract.EVENTS.fused
    found = ours(*args)
    chex.assert_trees_all_close(found, by_flax(*args), atol=1e-6)
    keys = jax.random.split(jax.random.key(1))
    weights = [jax.random.normal(key, x.shape) for key, x in zip(keys, found)]

    def gradients(function):
        def energy(*args):
            return sum(map(jnp.vdot, weights, function(*args)))

        return jax.grad(energy, argnums=(0, 1, 2))(*args)

    chex.assert_trees_all_close(gradients(ours), gradients(by_flax), atol=1e-5)
