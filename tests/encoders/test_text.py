"""Texts are read byte by byte: no table of words, no language that cannot be read."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.data import records
from memlearn.encoders.text import BytesEncoder


def read(*texts, length=12):
    encoder = BytesEncoder(width=5)
    written = np.stack([records.utf8(text, length) for text in texts])
    variables = encoder.init(jax.random.key(0), written)
    return encoder.apply(variables, written), variables["params"]


@pytest.mark.parametrize("text", ["apple", "manzana", "りんご", "苹果", "яблоко"])
def test_texts_of_any_language_differ_by_one_character(text):
    (one, other), _ = read(text, text[:-1])
    assert jnp.abs(one - other).max() > 1e-3


def test_the_order_of_letters_counts():
    (one, other), _ = read("stop", "pots")
    assert jnp.abs(one - other).max() > 1e-3


def test_a_text_of_one_letter_by_hand():
    (found,), params = read("a")
    x = params["table"]["embedding"][ord("a")] + params["places"][0]
    alone = jnp.concatenate([jnp.zeros(32), x, jnp.zeros(32)])
    y = jax.nn.gelu(alone @ params["Dense_0"]["kernel"] + params["Dense_0"]["bias"])
    expected = y @ params["Dense_1"]["kernel"] + params["Dense_1"]["bias"]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_text_is_cut_between_characters():
    np.testing.assert_array_equal(records.utf8("añ", 2), [ord("a"), 0])
    np.testing.assert_array_equal(records.utf8("añ", 4), [ord("a"), 0xC3, 0xB1, 0])


def test_no_text_is_finite_and_so_is_its_gradient():
    encoder, nothing = BytesEncoder(width=5), jnp.zeros((1, 12), jnp.uint8)
    variables = encoder.init(jax.random.key(0), nothing)
    grads = jax.grad(lambda v: encoder.apply(v, nothing).sum())(variables)
    assert all(jnp.isfinite(x).all() for x in jax.tree.leaves(grads))
