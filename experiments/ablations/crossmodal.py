"""Does memory find what it met by any of several senses, as well as one made of a bank for each?

    python -m experiments.ablate --study=experiments/ablations/crossmodal.py

Things are met by two senses and asked for by one, by all ordered pairs of image, name and speech.
`dual_coding` and `modality_banks` are made for that: each bank files and asks by one modality.
Which bank and key the learned memory chose for each, `experiments.diagnose` shows of a run of
`experiments/configs/crossmodal.py`. Needs npm, a network the first time, and the extra `[speech]`.
"""

MEMORIES = "learned", "dual_coding", "modality_banks"
MET = {
    "task": "crossmodal",
    "senses": ("image", "name", "speech"),
    "data": "emoji",
    "memory.layers": 1,
    "updates": 2000,
    "zoom": 0.3,
    "recolor": 1.0,
    "sense_dropout": 0.05,
    # Images take longest to learn.
    "task_shares": (("name_image", 2.0), ("speech_image", 2.0)),
}


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {memory: {**MET, "memory.kind": memory} for memory in MEMORIES}
