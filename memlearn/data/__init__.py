"""Data sets: TFDS builders, and the atlas that tasks draw their images from."""
