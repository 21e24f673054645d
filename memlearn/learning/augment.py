"""Augmentation: every image of a batch is seen from somewhere a little different."""

import jax
import jax.numpy as jnp


def look_around(key, images, zoom, shift):
    """Scale and move every image by its own random amounts, about its centre.

    Heights and widths are scaled independently, by `exp(u)` with u uniform in `[-zoom, zoom]`, and
    moved by up to `shift` pixels. What comes into view has the colour of the image's first corner.

    Args:
      key: random key.
      images: uint8 `[B, T, height, width, 3]`.
      zoom: largest log-scale.
      shift: largest move, in pixels.

    Returns:
      uint8 images of the same shape.
    """
    key_zoom, key_shift = jax.random.split(key)
    amounts = (*images.shape[:2], 2)
    scale = jnp.exp(jax.random.uniform(key_zoom, amounts, minval=-zoom, maxval=zoom))
    move = jax.random.uniform(key_shift, amounts, minval=-shift, maxval=shift)
    centre = jnp.array(images.shape[2:4]) / 2

    def warp(image, scale, move):
        origin = centre * (1 - scale) + move
        ground = image[0, 0]
        return ground + jax.image.scale_and_translate(
            image - ground, image.shape, (0, 1), scale, origin, method="linear", antialias=False
        )

    moved = jax.vmap(jax.vmap(warp))(images.astype(jnp.float32), scale, move)
    return jnp.clip(jnp.round(moved), 0, 255).astype(jnp.uint8)
