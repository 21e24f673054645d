"""Does one-shot naming hold for real images, across drawing styles that no pixels connect?

    python -m experiments.train --config=experiments/configs/emoji.py --workdir=runs/emoji
    python -m experiments.evaluate --checkpoint=runs/emoji

As `binding`, with emoji: named as Twemoji draws them, a style that was never trained on, and asked
for as somebody else draws them. Needs npm and a network the first time.

Hardware   2 CPU cores; `emoji.py:gpu` is for an accelerator.
Time       6,000 updates; 19 minutes on two cores, start and end included (commit 2625e22), 25 on
           one (commit dc3b3c2). On an H200 the 3,000 updates of `gpu` take 13 s, beside what
           compiling takes (commit d344866).
Score      on held-out classes and style .862, seed 0, .860, seed 1 (commit f8b2e30), and .855,
           seed 2 (commit 2625e22); since slots fade more slowly .866, seed 0, and .846,
           seed 2 (commit dc3b3c2).
           `gpu`: .894, seed 0 (commit d344866); see results/README.md.
"""

from experiments.configs import binding

SIZES = {
    "cpu": dict(updates=6000, shift=2.0),
    "gpu": dict(batch=256, updates=3000, channels=(64, 128, 256), validation_lifetimes=512),
}


def get_config(size="cpu"):
    """Return the configuration of a size; what is not named here is as in `binding`."""
    if size not in SIZES:
        raise ValueError(f"no size is called {size!r}; there are: {', '.join(SIZES)}")
    config = binding.get_config().unlock()
    config.update(SIZES[size])
    config.data = "emoji"
    config.zoom = 0.3  # styles differ in how much of the frame they fill
    config.recolor = 1.0  # ... and in colours; two have none
    config.turn = 0.5  # in half of the lifetimes a thousand classes are eight thousand
    return config.lock()
