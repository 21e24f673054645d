"""Augmentation: every image of a batch is seen from somewhere a little different."""

import jax
import jax.numpy as jnp


def look_around(key, images, zoom, shift, recolor):
    """Scale, move and recolor every image by its own random amounts.

    Heights and widths are scaled independently, by `exp(u)` with u uniform in `[-zoom, zoom]`, and
    moved by up to `shift` pixels, about the centre. What comes into view has the colour of the
    image's first corner, the ground. Every colour becomes, relative to the ground, a mixture of
    channels,

        c' = (1 - u) c + u D c

    with u uniform in [0, recolor] and rows of D drawn evenly from those that sum to one.

    Args:
      key: random key.
      images: uint8 `[B, T, height, width, 3]`.
      zoom: largest log-scale.
      shift: largest move, in pixels.
      recolor: largest share of other colours, in [0, 1].

    Returns:
      uint8 images of the same shape.
    """
    key_zoom, key_shift = jax.random.split(key)
    key_share, key_mixture = jax.random.split(jax.random.fold_in(key, 2))
    lead = images.shape[:2]
    amounts = (*lead, 2)
    scale = jnp.exp(jax.random.uniform(key_zoom, amounts, minval=-zoom, maxval=zoom))
    move = jax.random.uniform(key_shift, amounts, minval=-shift, maxval=shift)
    centre = jnp.array(images.shape[2:4]) / 2

    share = jax.random.uniform(key_share, (*lead, 1, 1), maxval=recolor)
    mixture = jax.random.dirichlet(key_mixture, jnp.ones(3), (*lead, 3))
    mixture = (1 - share) * jnp.eye(3) + share * mixture

    def look(image, scale, move, mixture):
        ground = image[0, 0]
        image = jnp.einsum("hwc,dc->hwd", image - ground, mixture)
        origin = centre * (1 - scale) + move
        return ground + jax.image.scale_and_translate(
            image, image.shape, (0, 1), scale, origin, method="linear", antialias=False
        )

    seen = jax.vmap(jax.vmap(look))(images.astype(jnp.float32), scale, move, mixture)
    return jnp.clip(jnp.round(seen), 0, 255).astype(jnp.uint8)
