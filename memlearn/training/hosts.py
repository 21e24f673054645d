"""Hosts: processes, on one machine or on many, that train one run together.

All run the same program, each on devices of its own, and see the same files. What is the same
everywhere is computed everywhere; what is spread over devices, each host has a part of.
"""

import contextlib
import functools
import hashlib
import os
import sys
import traceback

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import NamedSharding, PartitionSpec

from memlearn import mesh
from memlearn.types import DEVICES, UserError

SILENCE = 30  # seconds after which a host that says nothing is taken to have ended
ENDED = 75  # exit code of a host that others left: try again
# What JAX says of a host that cannot be reached, and not of what fails here.
SIGNS = "Gloo", "NCCL", "Barrier failed", "UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED"


def join(coordinator, count, index):
    """Begin to be one of several hosts; must come before anything is computed.

    Args:
      coordinator: `HOST:PORT` of the first, or `auto`: as SLURM and other clusters tell it.
      count: how many there are; with `auto`, 1 if it is not known.
      index: which of them this is, from 0; of no account with `auto`.

    Raises:
      UserError: if they do not find each other, or are not as many.
    """
    told = dict(
        coordinator_address=coordinator, num_processes=count, process_id=index,
        cluster_detection_method="deactivate",
    )  # fmt: skip
    if coordinator == "auto":
        told = {}
        if gpus := os.environ.get("SLURM_GPUS_ON_NODE"):  # all are of this one process
            told["local_device_ids"] = list(range(int(gpus)))
    elif ":" not in coordinator:
        raise UserError(f"a coordinator is HOST:PORT, or auto; not {coordinator}")
    # SIGTERM is ours: see loop.py.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(**told, heartbeat_timeout_seconds=SILENCE)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"the hosts did not find each other by {coordinator}: {reason}") from error
    if count > 1 and jax.process_count() != count:
        raise UserError(f"there are {jax.process_count()} hosts, where --hosts says {count}")


def many():
    """Return whether there are several."""
    return jax.process_count() > 1


def first():
    """Return whether this is the one that writes what is written once."""
    return jax.process_index() == 0


def anywhere(flag):
    """Return whether a flag is set on any host; all have to ask."""
    return bool(np.any(multihost_utils.process_allgather(np.array(flag)))) if many() else flag


def alike(text, complaint):
    """Raise a `UserError` if a text is not the same on all hosts; all have to ask."""
    digest = np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8)
    if many() and len(np.unique(multihost_utils.process_allgather(digest), axis=0)) > 1:
        raise UserError(complaint)


@contextlib.contextmanager
def led(begin):
    """Do at the first host what only one may do, and have the others wait for it to be done.

    Args:
      begin: function that returns a context, such as of a workdir that is claimed.

    Raises:
      UserError: on all of them, if it cannot be done.
    """
    with contextlib.ExitStack() as stack:
        failed = None
        if first():
            try:
                stack.enter_context(begin())
            except UserError as error:
                failed = error
        if anywhere(failed is not None):
            raise failed or UserError("the first host could not begin; it has said why")
        yield


@contextlib.contextmanager
def together():
    """Where this host cannot go on alone, end at once, and say so if another one has ended.

    To wait for the others as Python ends would be to wait for ever. A host that is waiting to save
    is aborted by JAX, which says the same, after `SILENCE`.
    """
    try:
        yield
    except (UserError, KeyboardInterrupt):
        raise
    except Exception as error:
        if not many():
            raise
        traceback.print_exc()
        if lost := _lost(error):
            print(
                "error: another host of this run has ended, and so does this one; give all the "
                "same commands again to go on from the last checkpoint",
                file=sys.stderr,
            )  # fmt: skip
        _end(ENDED if lost else 1)


def refuse(error):
    """End with what the user can mend, also where the other hosts do not know of it."""
    if not many():
        raise error
    print("error:", error, file=sys.stderr)
    _end(2)


def _end(code):
    sys.stderr.flush()
    os._exit(code)  # without a word to the others, who notice


def _lost(error):
    """Whether an error is that of a host that cannot be reached."""
    while error and not isinstance(error, jax.errors.JaxRuntimeError):
        error = error.__cause__ or error.__context__
    return any(sign in str(error) for sign in SIGNS) if error else False


def put(tree, sharding):
    """Put arrays that every host has whole, or that are of all hosts, on the devices of all.

    Args:
      tree: of arrays; those of all hosts stay where they are.
      sharding: a sharding for all, or a prefix of the tree.
    """
    if not many():
        return jax.device_put(tree, sharding)
    shardings = jax.tree.broadcast(sharding, tree)
    return jax.tree.map(_put, tree, shardings)


def share(batch):
    """Return which rows of a batch of so many are for the devices of this host, int `[b]`."""
    rows = np.arange(batch)
    places = _split().addressable_devices_indices_map((batch,)).values() if many() else [...]
    return np.concatenate([rows[place] for place in places])


def join_rows(tree, batch):
    """Make a whole batch of what each host has of it, arrays `[b, ...]`, the rows of `share`."""
    return jax.tree.map(functools.partial(_join_rows, batch=batch), tree) if many() else tree


def _join_rows(x, batch):
    split, shape = _split(), (batch, *x.shape[1:])
    devices = split.addressable_devices_indices_map(shape)
    parts = zip(np.split(np.asarray(x), len(devices)), devices)
    parts = [jax.device_put(part, device) for part, device in parts]
    return jax.make_array_from_single_device_arrays(shape, split, parts)


def _split():
    """How a batch is divided among the devices of all hosts."""
    return NamedSharding(mesh.of(jax.devices()), PartitionSpec(DEVICES))


def _put(x, sharding):
    if isinstance(x, jax.Array) and not x.is_fully_addressable:
        return x
    if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_put(jax.random.key_data(x), sharding))
    whole = np.asarray(x)
    return jax.make_array_from_callback(whole.shape, sharding, lambda index: whole[index])


def whole(tree):
    """Return arrays that every host has whole, of such as may be spread; all have to ask."""
    return jax.tree.map(_whole, tree) if many() else tree


def _whole(x):
    if x.is_fully_replicated:
        return x.addressable_data(0)
    if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_whole(jax.random.key_data(x)))
    return multihost_utils.process_allgather(x, tiled=True)
