"""The slot op against hand-worked values, a loop in numpy, and its own contract."""

import chex
import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import pytest

from memlearn.ops.slots import SlotState, scan

B, T, N, K, V = 2, 7, 3, 4, 5


def draw(seed, erase, bias, dtype=np.float64):
    """Random arguments of the op, as a dict."""
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return rng.normal(size=shape).astype(dtype)

    return dict(
        q=normal(B, T, K),
        k=normal(B, T, K),
        v=normal(B, T, V),
        w=np.abs(normal(B, T, N)),
        g=-np.abs(normal(B, T, N)),
        resets=rng.random((B, T)) < 0.3,
        state=(normal(B, N, K), normal(B, N, V)),
        init=(normal(N, K), normal(1, N, V)),
        e=rng.random((B, T, N)).astype(dtype) if erase else None,
        bias=normal(B, T, N) if bias else None,
    )


def by_hand(q, k, v, w, g, resets, state, init, e, bias):
    """The equations of the module, one lifetime and one step at a time, in numpy."""
    reads, scores = np.zeros((B, T, V)), np.zeros((B, T, N))
    keys, values = np.array(state[0]), np.array(state[1])
    for b in range(B):
        matrices = [keys[b], values[b]]
        for t in range(T):
            for i, (first, row) in enumerate(zip(init, (k[b, t], v[b, t]))):
                matrix = np.broadcast_to(first, (B, *matrices[i].shape))[b] if resets[b, t] else (
                    matrices[i]
                )  # fmt: skip
                matrix = np.diag(np.exp(g[b, t])) @ matrix
                erased = 0 if e is None else matrix.T @ e[b, t]
                matrices[i] = matrix + np.outer(w[b, t], row - erased)
            scores[b, t] = matrices[0] @ q[b, t]
            logits = scores[b, t] + (0 if bias is None else bias[b, t])
            weights = np.exp(logits - logits.max())
            reads[b, t] = matrices[1].T @ (weights / weights.sum())
        keys[b], values[b] = matrices
    return reads, scores, SlotState(keys, values)


@pytest.mark.parametrize("erase", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_equals_the_equations(erase, bias):
    with jax.enable_x64(True):
        arguments = draw(0, erase, bias)
        chex.assert_trees_all_close(scan(**arguments), by_hand(**arguments), rtol=0, atol=1e-12)


def test_hand_worked_values():
    """Two slots of width one: a write, half forgotten, and a second write that erases."""
    one = jnp.ones((1, 1, 1))
    w, g = jnp.array([[[1.0, 0.0], [0.0, 1.0]]]), jnp.log(jnp.array([[[1.0, 1.0], [0.5, 1.0]]]))
    empty = SlotState(jnp.zeros((1, 2, 1)), jnp.zeros((1, 2, 1)))
    k, v = jnp.array([[[2.0], [3.0]]]), jnp.array([[[10.0], [20.0]]])
    e = jnp.array([[[0.0, 0.0], [0.5, 0.0]]])
    q = jnp.concatenate([one, jnp.zeros_like(one)], axis=1)  # the second read weighs slots equally
    reads, scores, state = scan(q, k, v, w, g, jnp.zeros((1, 2), bool), empty, empty, e=e)
    np.testing.assert_allclose(scores[0], [[2, 0], [0, 0]])
    # After step two: slot 0 keeps half; slot 1 gets the row less half of what slot 0 holds.
    np.testing.assert_allclose(state.keys[0, :, 0], [1.0, 3.0 - 0.5])
    np.testing.assert_allclose(state.values[0, :, 0], [5.0, 20.0 - 2.5])
    np.testing.assert_allclose(reads[0, 1, 0], (5.0 + 17.5) / 2)


def test_two_halves_are_the_whole():
    with jax.enable_x64(True):
        arguments = draw(1, erase=True, bias=True)
        whole = scan(**arguments)
        early, late = dict(arguments), dict(arguments)
        for name in ("q", "k", "v", "w", "g", "resets", "e", "bias"):
            early[name], late[name] = arguments[name][:, :3], arguments[name][:, 3:]
        first = scan(**early)
        second = scan(**{**late, "state": first[2]})
        halves = [np.concatenate(pair, axis=1) for pair in zip(first[:2], second[:2])]
        chex.assert_trees_all_close((*halves, second[2]), whole, rtol=0, atol=1e-13)


def test_gradients_of_all_arguments_equal_differences():
    with jax.enable_x64(True):
        arguments = draw(2, erase=True, bias=True)
        resets = arguments.pop("resets")
        weights = draw(3, True, True)["v"], draw(3, True, True)["w"]

        def objective(arguments):
            reads, scores, state = scan(resets=resets, **arguments)
            ends = jnp.sum(jnp.square(state.keys)) + jnp.sum(jnp.square(state.values))
            return jnp.sum(reads * weights[0]) + jnp.sum(scores * weights[1]) + ends

        jax.test_util.check_grads(objective, (arguments,), order=1, modes=["rev"], rtol=1e-6)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda a: a.update(q=a["q"][..., 1:]),
        lambda a: a.update(w=a["w"][:, 1:]),
        lambda a: a.update(v=a["v"].astype(np.float32)),
        lambda a: a.update(resets=a["resets"].astype(np.float64)),
        lambda a: a.update(e=a["e"][..., 1:]),
    ],
)
def test_disagreeing_arguments_are_refused(spoil):
    with jax.enable_x64(True):
        arguments = draw(4, erase=True, bias=False)
        spoil(arguments)
        with pytest.raises(AssertionError):
            scan(**arguments)
