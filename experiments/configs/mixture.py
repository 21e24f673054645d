"""Can one memory, its structure learned, do all tasks of the suite?

    python -m experiments.train --config=experiments/configs/mixture.py --workdir=runs/mixture
    python -m experiments.evaluate --checkpoint=runs/mixture

Hardware   2 CPU cores; `mixture.py:gpu` is for an accelerator.
Time       70 minutes a seed, on a core each, beside other work (commit a1294d2).
Score      .962 to .979 on five tasks, counting .848 to .920, on three seeds: see results/README.md
           (commit a1294d2, with easier, easier_until, later_after and updates as they are now).
"""

from experiments.configs import binding

SIZES = {
    "cpu": dict(batch=32, updates=4000, channels=(32, 64, 128), validation_lifetimes=128),
    # For a study: a level of every task at which four variants of three seeds take 40 minutes.
    "study": {
        **dict(batch=32, updates=800, channels=(32, 64, 128), validation_lifetimes=64),
        **dict(words=16, classes=4, delay=2, mentions=18, counted=1, showings=8, kinds=3, trials=3),
        **dict(later_after=200, easier=(), easier_until=0),  # that level is easy enough
        "memory.slots": 20,
    },
    "gpu": dict(batch=256, updates=10000, channels=(64, 128, 256), validation_lifetimes=512),
}


def get_config(size="cpu"):
    """Return the configuration of a size; what is not named here is as in `binding`."""
    if size not in SIZES:
        raise ValueError(f"no size is called {size!r}; there are: {', '.join(SIZES)}")
    config = binding.get_config().unlock()
    config.task = "mixture"
    config.delay = 4
    config.memory.layers = 2  # rule: the kind is recalled first, then what is done with it
    config.memory.slots = 40
    config.counted = 2  # so that there are slots for all that is shown
    config.mentions = 36  # with the names, more than a bank has slots
    config.later = ("rule",)  # it builds on telling what an image was last called
    config.later_after = 400
    config.easier = (0.5,)  # at the whole level, one seed of three did not find rule, nor counting
    config.easier_until = 1000
    config.task_shares = (("rule", 3.0), ("counting", 3.0))  # what takes longest to learn
    config.trial_rates = (0.5, 0.9)  # rule: what is right is found by trying
    config.update_from_flattened_dict(SIZES[size])
    return config.lock()
