"""Made-up lines of a study, for tests that need some."""


def line(variant, seed, task, score, **fields):
    """A line as experiments.ablate writes it; far scores are .1 and .2 lower, a guess is .05."""

    def row(score):
        controls = dict(empty=0.06, other=0.04, chance=0.05)
        return dict(score=score, low=score - 0.02, high=score + 0.03, **controls)

    about = dict(study="keys", mark="new", size="cpu", set=[], commit="0123456789" * 4 + "-dirty")
    sizes = dict(parameters=12345, state_bytes=1024)
    far = dict(classes_x2=row(score - 0.1), delay_x4=row(score - 0.2))
    who = dict(variant=variant, seed=seed, task=task)
    rows = dict(step=1200, seen=row(score), heldout=row(score), extrapolation=far)
    return {**about, **sizes, **who, **rows, **fields}


def lines(scores, **fields):
    """The lines of `scores`: (variant, task) -> the score of each seed."""
    return [
        line(variant, seed, task, score, **fields)
        for (variant, task), each in scores.items()
        for seed, score in enumerate(each)
    ]


# Differences of `b` from `a`: .1, .2, .3 in `order`; 0, 0, 0 in `rule`; .05, .10, .15 on average.
SCORES = {
    ("a", "order"): (0.1, 0.2, 0.3),
    ("a", "rule"): (0.5, 0.6, 0.7),
    ("b", "order"): (0.2, 0.4, 0.6),
    ("b", "rule"): (0.5, 0.6, 0.7),
}
T = 4.302653 / 3**0.5  # Student's t of two degrees of freedom, over the root of three seeds
