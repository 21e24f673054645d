"""Augmentation: things are seen from somewhere a little different, or not by every sense."""

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
    if not (zoom or shift or recolor):
        return images
    key_zoom, key_shift = jax.random.split(key)
    amounts = (*images.shape[:2], 2)
    scale = jnp.exp(jax.random.uniform(key_zoom, amounts, minval=-zoom, maxval=zoom))
    move = jax.random.uniform(key_shift, amounts, minval=-shift, maxval=shift)
    centre = jnp.array(images.shape[2:4]) / 2
    images = jnp.moveaxis(images, -1, 2).astype(jnp.float32)  # first, so that long rows are added
    ground = images[..., :1, :1]
    ink = images - ground
    if recolor:
        ink = _mix_channels(jax.random.fold_in(key, 2), ink, recolor)

    def warp(ink, scale, move):
        origin = centre * (1 - scale) + move
        return jax.image.scale_and_translate(
            ink, ink.shape, (1, 2), scale, origin, method="linear", antialias=False
        )

    seen = ground + jax.vmap(jax.vmap(warp))(ink, scale, move)
    return jnp.moveaxis(jnp.clip(jnp.round(seen), 0, 255).astype(jnp.uint8), 2, -1)


def turn(key, images, rate):
    """Turn and mirror the images of some lifetimes, all of one alike: classes become others.

    Each of the eight ways to lay a square onto itself is as likely, so that there are eight times
    as many things to tell apart (Santoro et al., 2016, who turned characters).

    Args:
      key: random key.
      images: `[B, T, side, side, 3]`.
      rate: how often, in [0, 1]; the others stay as they are.

    Returns:
      images of the same shape.
    """
    key_turned, key_flips = jax.random.split(key)
    lifetimes = (images.shape[0], 1, 1, 1, 1)
    turned = jax.random.bernoulli(key_turned, rate, lifetimes)
    flips = jax.random.bernoulli(key_flips, shape=(3, *lifetimes)) & turned
    images = jnp.where(flips[0], jnp.flip(images, 2), images)
    images = jnp.where(flips[1], jnp.flip(images, 3), images)
    return jnp.where(flips[2], jnp.swapaxes(images, 2, 3), images)


def see(keys, steps, **amounts):
    """Look around at every step of lifetimes, each by its own key.

    Args:
      keys: random keys `[B]`.
      steps: `TimeStep`, arrays `[B, T, ...]`.
      **amounts: what `look_around` wants to be told.
    """
    look = jax.vmap(lambda key, images: look_around(key, images[None], **amounts)[0])
    images = look(keys, steps.observation["image"])
    return steps._replace(observation={**steps.observation, "image": images})


def drop_senses(key, present, senses, rate):
    """Where a thing is met by several senses, lose one of them now and then.

    Args:
      key: random key.
      present: name of a modality -> bool `[B, T]`.
      senses: the names of those that are senses.
      rate: how often, at such a step.

    Returns:
      `present`, with one of these senses, each as likely, False at such steps.
    """
    key_rate, key_sense = jax.random.split(key)
    met = jnp.stack([present[name] for name in senses], axis=-1)
    several = met.sum(-1) > 1
    loses = several & jax.random.bernoulli(key_rate, rate, several.shape)
    one = jax.random.categorical(key_sense, jnp.where(met, 0.0, -jnp.inf))
    lost = jax.nn.one_hot(one, len(senses), dtype=bool) & loses[..., None]
    return {**present, **{name: (met & ~lost)[..., i] for i, name in enumerate(senses)}}


def _mix_channels(key, ink, recolor):
    key_share, key_mixture = jax.random.split(key)
    share = jax.random.uniform(key_share, (*ink.shape[:2], 1, 1), maxval=recolor)
    mixture = jax.random.exponential(key_mixture, (*ink.shape[:2], 3, 3))
    mixture = mixture / mixture.sum(-1, keepdims=True)  # evenly from those that sum to one
    mixture = ((1 - share) * jnp.eye(3) + share * mixture)[..., None, None]
    # As sums: small matmuls, one for each image, are slow.
    return sum(ink[:, :, c, None] * mixture[:, :, :, c] for c in range(3))
