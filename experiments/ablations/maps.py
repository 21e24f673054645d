"""Does it matter which address maps are shared: by layers, by keys and queries, by banks?

    python -m experiments.ablate --study=experiments/ablations/maps.py

`learned` is one space of addresses for all; in `layer_maps` each layer has its own; in the others,
keys and queries of a layer, or its banks, have theirs too.
"""


def sweep():
    """Return the variants: name -> fields of the configuration."""
    rules = "learned", "layer_maps", "two_maps", "bank_maps"
    return {rule: {"memory.addressing": rule} for rule in rules}
