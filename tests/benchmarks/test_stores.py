"""Every size of the benchmark of stores can be built, and its programs run."""

import jax

from benchmarks import stores


def test_a_lookup_and_a_store_have_gradients():
    for case in (stores.lookup, stores.written):
        function, arguments = case(8)
        shapes = jax.eval_shape(function, arguments)
        assert all(x.dtype == "float32" for x in jax.tree.leaves(shapes))
