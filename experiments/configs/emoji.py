"""Does one-shot naming hold for real images, across drawing styles that no pixels connect?

    python -m experiments.train --config=experiments/configs/emoji.py --workdir=runs/emoji
    python -m experiments.evaluate --checkpoint=runs/emoji

As `binding`, with emoji: named as Twemoji draws them, a style that was never trained on, and asked
for as somebody else draws them. Needs npm and a network the first time.

Hardware   2 CPU cores.
Time       6,000 updates; 25 minutes beside other work (commit 0c237ad).
Score      .855 on held-out classes and style, seed 1 (commit 0c237ad); others not measured yet.
"""

from experiments.configs import binding


def get_config():
    """Return the configuration; what is not named here is as in `binding`."""
    config = binding.get_config().unlock()
    config.data = "emoji"
    config.updates = 6000
    config.zoom = 0.3  # styles differ in how much of the frame they fill
    config.recolor = 1.0  # ... and in colours; two have none
    config.turn = 0.5  # in half of the lifetimes a thousand classes are eight thousand
    return config.lock()
