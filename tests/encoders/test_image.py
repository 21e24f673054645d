"""The pyramid of patches, against the convolutions that it is."""

import jax
import jax.numpy as jnp
import numpy as np

from memlearn.encoders.image import PATCH, ImageEncoder

IMAGES = jax.random.randint(jax.random.key(0), (2, 3, 32, 32, 3), 0, 256).astype(jnp.uint8)


def test_a_level_is_a_convolution_as_wide_as_its_stride():
    encoder = ImageEncoder(width=5, channels=(6, 7))
    variables = encoder.init(jax.random.key(1), IMAGES)
    layers = variables["params"]
    x = IMAGES.reshape(6, 32, 32, 3) / 127.5
    x = x - x.mean((1, 2, 3), keepdims=True)
    for name, side in (("Dense_0", PATCH), ("Dense_1", 2)):
        kernel = layers[name]["kernel"].reshape(side, side, x.shape[-1], -1)
        axes = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, kernel, (side, side), "VALID", dimension_numbers=axes)
        x = x + layers[name]["bias"]
        x = jnp.where(x > 0, x, 0.3 * x)
    expected = x.reshape(6, -1) @ layers["Dense_2"]["kernel"] + layers["Dense_2"]["bias"]
    found = encoder.apply(variables, IMAGES)
    np.testing.assert_allclose(found, expected.reshape(2, 3, 5), atol=1e-5)


def test_brightness_makes_no_difference():
    encoder = ImageEncoder(width=5, channels=(6,))
    dark = IMAGES // 2
    variables = encoder.init(jax.random.key(1), dark)
    found = encoder.apply(variables, dark + 20)
    np.testing.assert_allclose(found, encoder.apply(variables, dark), atol=1e-5)
