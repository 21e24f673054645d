"""Training curves: loss and held-out score against updates."""

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot as plt

SHOWN = {"imitation": "-log p(right word)", "entropy": "entropy of answers"}


def draw(lines, chance, path, answered=True):
    """Draw the curves of a run.

    Args:
      lines: the dicts of `training.metrics.read`.
      chance: score of guessing, drawn as a dotted line.
      path: `pathlib.Path` of the picture.
      answered: whether scores are the fraction of questions answered right; or else rewards of an
        episode, with which those of a step in training do not compare.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), constrained_layout=True)
    logged = [line for line in lines if "loss" in line]
    tested = [line for line in lines if "heldout" in line]
    # Whoever learns from reward has no right word to compare with.
    shown = "entropy" if any("entropy" in x for x in logged) else "imitation"
    left.plot([x["step"] for x in logged], [x[shown] for x in logged], color="C0")
    left.set(xlabel="updates", ylabel="nats", yscale="log", title=SHOWN[shown])
    if answered:
        steps = [x["step"] for x in logged], [x["score"] for x in logged]
        right.plot(*steps, color="C7", alpha=0.6, linewidth=0.8, label="training batch")
        right.set(ylabel="answered right", ylim=(0, 1.02), title="score")
    else:
        right.set(ylabel="rewards of an episode", title="score")
    held_out = [x["step"] for x in tested], [x["heldout"] for x in tested]
    right.plot(*held_out, "o-", color="C1", markersize=3, label="held out")
    right.axhline(chance, color="black", linestyle=":", label="chance")
    right.set(xlabel="updates")
    right.legend(loc="center right", fontsize=8)
    figure.savefig(path, dpi=140)
    plt.close(figure)
