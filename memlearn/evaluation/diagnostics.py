"""What structure a layer of slots learned, measured over lifetimes: a dict of plain values.

The lifetimes of a task are measured by themselves, and whole: every row of an array is one
lifetime. Where there is nothing to take a mean of, there is None.
"""

import numpy as np
from scipy import stats

from memlearn.memory.routing import effective
from memlearn.tasks import language
from memlearn.training.watch import COLLAPSED
from memlearn.types import PAD

SAID = {PAD: "nothing said", **language.SPOKEN}
HALF = 0.5  # an event is in a slot if it was written there by more, until less of it is left


def measure(records, traces, sources, state_bytes):
    """Measure one layer of memory on lifetimes of every task.

    Args:
      records: task -> `Record`, arrays `[B, T, ...]`.
      traces: task -> `SlotTrace` of the layer, arrays `[B, T, ...]`.
      sources: the names of its S sources, in the order of the traces.
      state_bytes: bytes of the state of the layer, for one lifetime.

    Returns:
      `sources`; `banks` and `slots`, their numbers H and N; `length`, T; `state_bytes`; `writes`
      and `reads`, as `balance` has them, of the mean routes over tasks; and `tasks`: task -> what
      `task` has.
    """
    _, length, banks, slots = next(iter(traces.values())).write.shape
    tasks = {name: task(records[name], traces[name], sources, state_bytes) for name in traces}

    def routes(name):
        return np.mean([found["routing"]["all"][name] for found in tasks.values()], axis=0)

    return {
        "sources": list(sources),
        "banks": banks,
        "slots": slots,
        "length": length,
        "state_bytes": state_bytes,
        "writes": balance(routes("write_banks")),
        "reads": balance(routes("read_banks")),
        "tasks": tasks,
    }


def task(record, trace, sources, state_bytes):
    """Measure one layer of memory on lifetimes of one task.

    Args:
      record, trace, sources, state_bytes: as for `measure`, of this task.

    Returns:
      `routing`, as `routing` has it; `keys` and `queries`: mean weights of the sources `[H, S]`
      over steps at which something was told and was asked, or None where addresses are not made of
      sources; `slots_used`, the mean number of slots of a bank that a lifetime wrote an event to,
      `[H]`; `state_bytes_used`, that fraction of the state; and `lives`, of each bank, as `lives`
      has them.
    """
    used = (trace.write > HALF).any(axis=1).sum(axis=-1).mean(axis=0)
    fraction = used.mean() / trace.write.shape[-1]
    spans, died = lifespans(trace.write, trace.decay)
    return {
        "routing": routing(record.steps, trace),
        "keys": _source_weights(trace.key_sources, record.steps, sources),
        "queries": _source_weights(trace.query_sources, record.steps, sources),
        "slots_used": _plain(used),
        "state_bytes_used": _plain(fraction * state_bytes),
        "lives": [lives(spans[bank], died[bank]) for bank in range(used.size)],
    }


def routing(steps, trace):
    """Measure what is admitted, and which banks are written and asked, by kind of step.

    Args:
      steps: `TimeStep`, arrays `[B, T, ...]`.
      trace: `SlotTrace`, arrays `[B, T, ...]`.

    Returns:
      for `all` steps, by what is said at a step, and by the modalities that are perceived: how many
      `steps` there are, and means over them: `admission`, and of each bank, `[H]`, `open`, how many
      slots are, `write_banks` and `read_banks`.
    """
    said = steps.observation["text"][..., 0]
    kinds = {"all": np.ones_like(said, bool)}
    kinds |= {name: said == token for token, name in SAID.items()}
    kinds |= {f"with {name}": present for name, present in steps.present.items()}
    means = "admission", "open", "write_banks", "read_banks"
    return {
        kind: {"steps": int(where.sum()), **{x: _mean(getattr(trace, x), where) for x in means}}
        for kind, where in kinds.items()
    }


def balance(routes):
    """Measure how many banks take part in effect: `exp(entropy(routes / sum(routes)))`.

    Args:
      routes: mean routes `[H]`.

    Returns:
      `shares` `[H]`, `effective_banks`, and whether they are `collapsed`, though there are several.
    """
    shares = routes / routes.sum()
    banks = float(effective(shares))
    collapsed = len(shares) > 1 and banks < COLLAPSED
    return {"shares": _plain(shares), "effective_banks": banks, "collapsed": collapsed}


def lifespans(write, decay):
    """Measure how long what is written lives: until less than half of it is left.

        span = min { k >= 1 : exp(g[t+1] + ... + g[t+k]) < 1/2 }

    for every write, at a step t, of a weight over 1/2; g is the log-decay of its slot, so that what
    was written dies by being forgotten, by being overwritten or with its episode. What is alive at
    the end of the lifetime is censored: its span is more than the `T - 1 - t` steps watched.

    Args:
      write: weights over slots, float `[B, T, H, N]`.
      decay: log-decay of slots, float `[B, T, H, N]`.

    Returns:
      for each bank, the spans in steps, int `[writes]`; and whether they ended (if not, they are
      censored), bool `[writes]`.
    """
    length, banks = write.shape[1:3]
    spans, died = [], []
    for bank in range(banks):
        lifetime, time, slot = np.nonzero(write[:, :, bank] > HALF)
        kept = np.cumsum(decay[:, :, bank], axis=1, dtype=float)[lifetime, :, slot]
        gone = kept - kept[np.arange(time.size), time, None] < np.log(HALF)
        died.append(gone.any(axis=1))
        spans.append(np.where(died[-1], gone.argmax(axis=1), length - 1) - time)
    return spans, died


def lives(spans, died):
    """Summarise lifespans, of which the censored ones are known from below only.

    Args:
      spans, died: `[writes]`, of one bank, as `lifespans` returns them.

    Returns:
      `writes`, how many there were; `censored`, the fraction that was alive at the end; and
      `quartiles`, the steps after which a quarter, half and three quarters of what was written had
      died, by the estimate of Kaplan and Meier; None where fewer ever did.
    """
    if not spans.size:
        return {"writes": 0, "censored": None, "quartiles": [None, None, None]}
    alive = stats.ecdf(stats.CensoredData(spans[died], right=spans[~died])).sf
    dead = 1 - alive.probabilities + 1e-9  # a quarter is reached whichever way it is rounded
    reached = [alive.quantiles[dead >= quarter / 4] for quarter in (1, 2, 3)]
    quartiles = [int(steps[0]) if steps.size else None for steps in reached]
    return {"writes": spans.size, "censored": _plain(1 - died.mean()), "quartiles": quartiles}


def _source_weights(weights, steps, sources):
    if weights is None:
        return None
    assert weights.shape[-1] == len(sources), (weights.shape, sources)
    told = steps.present["text"] & ~steps.question
    return {"told": _mean(weights, told), "asked": _mean(weights, steps.question)}


def _mean(values, where):
    """The mean of values `[B, T, ...]` over the steps `where` bool `[B, T]`."""
    return _plain(values[where].mean(axis=0, dtype=float)) if where.any() else None


def _plain(x):
    """Numbers as JSON has them, to four digits after the point."""
    return np.round(x, 4).tolist()
