"""Is what was met by two senses at once found by either, be they sight, writing or sound?

    python -m experiments.train --config=experiments/configs/crossmodal.py --workdir=runs/crossmodal
    python -m experiments.evaluate --checkpoint=runs/crossmodal

Emoji as they look, as they are called in writing, and as that sounds; every ordered pair of these
is a task, such as `image_speech`: seen and heard, asked for by sound. Held out are classes, the
style of one artist, voices, and languages. Needs npm, a network the first time, and the extra
`[speech]`.

Hardware   2 CPU cores.
Time       6,000 updates; 47 minutes on one core beside other work (commit dc3b3c2).
Score      held-out classes, seed 0 (commit dc3b3c2): asked for by name .999, by speech .866 and
           .862, by image .837 and .815; a guess is .031. See results/README.md.
"""

from experiments.configs import binding


def get_config():
    """Return the configuration; what is not named here is as in `binding`."""
    config = binding.get_config().unlock()
    config.task = "crossmodal"
    config.senses = ("image", "name", "speech")
    config.data = "emoji"
    config.updates = 6000
    config.task_shares = (("name_image", 4.0), ("speech_image", 4.0))  # what takes longest to learn
    config.zoom = 0.3
    config.shift = 2.0
    config.recolor = 1.0
    config.sense_dropout = 0.05
    return config.lock()
