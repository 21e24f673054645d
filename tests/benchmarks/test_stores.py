"""What the benchmark of stores times: a lookup and a store, and the gradients of both."""

import jax
import numpy as np

from benchmarks import stores


def test_a_lookup_and_a_store_have_gradients(monkeypatch):
    monkeypatch.setattr(stores, "QUERIES", 4)
    monkeypatch.setattr(stores, "STEPS", 4)
    for case in (stores.lookup, stores.written):
        function, arguments = case(8)
        gradients = jax.tree.leaves(jax.jit(function)(arguments))
        assert all(np.isfinite(x).all() and np.any(x) for x in gradients)
