"""How much memory does each task need, and is one run enough to tell?

    python -m experiments.ablate --study=experiments/ablations/budget.py

`nested` trains lifetimes with different numbers of slots, so that one run gives the whole curve of
scores against slots; `all` is the learned memory as it is, asked with the same few slots. In
`static` what is kept, and of which sources keys are made, does not depend on what is perceived. In
`count` slots have a price, and how many are open is learned on top; its metrics tell what share.
"""

SHARES = (0.05, 0.1, 0.2, 0.4, 0.6, 1.0)  # of each bank's slots, at evaluation


def sweep():
    """Return the variants: name -> fields of the configuration."""
    return {
        "all": {"nested": False},
        "nested": {"nested": True},
        "static": {"nested": True, "memory.conditioning": "static"},
        "count": {"nested": True, "memory.count": "learned", "slot_price": 0.05},
    }
