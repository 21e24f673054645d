"""Augmentation moves images by what it says, and no further."""

import jax
import jax.numpy as jnp
import numpy as np

from memlearn.learning.augment import drop_senses, look_around, turn


def test_a_lifetime_is_turned_as_a_whole_in_each_of_eight_ways():
    images = jax.random.bits(jax.random.key(0), (1, 2, 6, 6, 3), jnp.uint8)
    many = jnp.broadcast_to(images, (200, *images.shape[1:]))
    turned = np.asarray(turn(jax.random.key(1), many, 1.0))
    quarters = [np.rot90(images[0], n, (1, 2)) for n in range(4)]
    ways = [way for x in quarters for way in (x, x[:, :, ::-1])]
    which = [[np.array_equal(one, way) for way in ways] for one in turned]
    assert np.all(np.sum(which, axis=1) == 1)
    assert np.sum(which, axis=0).min() > 10
    some = np.asarray(turn(jax.random.key(1), many, 0.3))
    assert 0.6 < np.mean([np.array_equal(one, images[0]) for one in some]) < 0.9


def test_no_zoom_and_no_shift_change_nothing():
    images = jax.random.randint(jax.random.key(0), (2, 3, 32, 32, 3), 0, 256).astype(jnp.uint8)
    same = look_around(jax.random.key(1), images, zoom=0.0, shift=0.0, recolor=0.0)
    np.testing.assert_array_equal(same, images)
    # Next to nothing, so that it is resampled.
    same = look_around(jax.random.key(1), images, zoom=1e-9, shift=1e-9, recolor=0.0)
    np.testing.assert_array_equal(same, images)


def test_what_comes_into_view_has_the_colour_of_the_ground():
    images = jnp.broadcast_to(jnp.array([10, 128, 200], jnp.uint8), (2, 3, 32, 32, 3))
    same = look_around(jax.random.key(1), images, zoom=0.5, shift=4.0, recolor=1.0)
    np.testing.assert_array_equal(same, images)


def test_a_square_is_scaled_and_moved_within_bounds():
    square = jnp.zeros((8, 16, 32, 32, 3), jnp.uint8).at[:, :, 8:24, 8:24].set(255)
    seen = (
        np.asarray(look_around(jax.random.key(0), square, zoom=0.2, shift=2.0, recolor=0.0)) > 127
    )
    heights, widths = seen.any(3).sum(2)[..., 0], seen.any(2).sum(2)[..., 0]
    for sides in (heights, widths):
        assert (
            16 * np.exp(-0.2) - 1 <= sides.min() < 15 and 17 < sides.max() <= 16 * np.exp(0.2) + 1
        )
    rows = np.arange(32)[:, None, None]
    middles = (seen * rows).sum((2, 3, 4)) / seen.sum((2, 3, 4))
    assert np.all(np.abs(middles - 15.5) <= 2.6) and middles.std() > 0.5
    assert (heights != widths).any(), "height and width are scaled independently"


def test_colours_become_mixtures_of_channels():
    images = jnp.full((16, 8, 32, 32, 3), 100, jnp.uint8).at[:, :, 8:24, 8:24].set([200, 100, 50])
    seen = np.asarray(look_around(jax.random.key(0), images, zoom=0.0, shift=0.0, recolor=1.0))
    np.testing.assert_array_equal(seen[:, :, 0], 100)
    inside = seen[:, :, 16, 16].reshape(-1, 3)
    assert inside.min() < 60 and inside.max() > 180 and inside.min() >= 50 and inside.max() <= 200
    assert len(np.unique(inside, axis=0)) > 100, "every image has colours of its own"
    little = np.asarray(look_around(jax.random.key(0), images, zoom=0.0, shift=0.0, recolor=0.1))
    assert np.all(np.abs(little[:, :, 16, 16] - np.array([200.0, 100, 50])) <= 15.5)


def test_one_of_several_senses_is_lost_now_and_then():
    met = {"image": jnp.ones((64, 9), bool), "speech": jnp.ones((64, 9), bool).at[:, 6:].set(False)}
    present = {**met, "text": jnp.ones((64, 9), bool)}
    found = drop_senses(jax.random.key(0), present, ("image", "speech"), rate=0.5)
    lost = {name: present[name] & ~found[name] for name in present}
    assert not lost["text"].any() and not (lost["image"] & lost["speech"]).any()
    assert not lost["image"][:, 6:].any(), "what is met by one sense alone is met"
    for sense in ("image", "speech"):
        assert 0.2 < lost[sense][:, :6].mean() < 0.3
    kept = drop_senses(jax.random.key(0), present, ("image", "speech"), rate=0.0)
    assert all((kept[name] == present[name]).all() for name in present)
