r"""What helps a memory to be learned from reward: predicting, or having been taught before?

    python -m experiments.train --config=experiments/configs/binding.py --workdir=runs/taught \
        --config.classes=4 --config.words=8 --config.delay=4 --config.updates=100
    python -m experiments.ablate --study=experiments/ablations/prediction.py

All learn `binding` by PPO, at the level of `ppo_binding.py` and in 40 updates, not 150. `next`
and `past` predict besides, see memlearn/learning/prediction.py; `taught` begins with what the first
of these commands has learned from a teacher; if that is trained anew, remove the run of `taught`,
and its lines of the study.
"""

from experiments.ablations import reward

REWARDED = {**reward.rewarded("level0", "binding"), "updates": 40}


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {
        "none": REWARDED,
        "next": {**REWARDED, "ppo.predicts": "next"},
        "past": {**REWARDED, "ppo.predicts": "past"},
        "taught": {**REWARDED, "warm_start": "runs/taught"},
    }
