"""Can a memory be learned from what others have lived through, without living?

    python -m experiments.record --checkpoint=runs/binding --out=recorded --actor=teacher --row=seen
    python -m experiments.train --config=experiments/configs/offline.py --workdir=runs/offline \
        --config.experience.folder=recorded
    python -m experiments.evaluate --checkpoint=runs/offline

As `binding`, from lifetimes that experiments.record wrote; `offline.py:senses` is for those of a
run by all senses, `offline.py:open_x` for data sets of the shape of Open X-Embodiment, whose
actions are arrays of numbers.

Hardware   2 CPU cores.
Time       4,096 lifetimes were recorded in 56 s, beside other work (commit 6989fbf).
Score      .992 on held-out episodes after 300 updates, seed 0, from 4,096 lifetimes of a teacher
           among the classes trained on; nothing remembered .032 (commit 6989fbf).
"""

from experiments.configs import binding

LIFETIMES = dict(
    **dict(image="observation/image", text="observation/text", vector=("observation/vector",)),
    **dict(action=("action",), reward="reward", question="question", oracle="oracle"),
    **dict(choices="choices", boundary="boundary", present="observation/present"),
)
MAPPINGS = {
    "lifetimes": LIFETIMES,
    "senses": dict(**LIFETIMES, name="observation/name", speech="observation/speech"),
    "open_x": dict(
        **dict(image="observation/image", vector=("observation/state",)),
        **dict(text="observation/natural_language_instruction", text_length=64),
        **dict(action=("action",), reward="reward", length=64),
    ),
}


def get_config(kind="lifetimes"):
    """Return the configuration of a kind; what is not named here is as in `binding`."""
    if kind not in MAPPINGS:
        raise ValueError(f"no kind is called {kind!r}; there are: {', '.join(MAPPINGS)}")
    config = binding.get_config().unlock()
    config.task = "recorded"
    config.experience.update(MAPPINGS[kind])
    return config.lock()
