"""Hosts: processes, on one machine or on many, that train one run together.

All run the same program, each on devices of its own, and see the same files. What is the same
everywhere is computed everywhere; what is spread over devices, each host has a part of.
"""

import contextlib
import hashlib
import os
import sys
import traceback

import jax
import numpy as np
from jax.experimental import multihost_utils

from memlearn.types import UserError

SILENCE = 30  # seconds after which a host that says nothing is taken to have ended
ENDED = 75  # exit code of a host that others left: try again


def join(coordinator, count, index):
    """Begin to be one of several hosts; must come before anything is computed.

    Args:
      coordinator: `HOST:PORT` of the first, or `auto`: as SLURM and other clusters tell it.
      count: how many there are.
      index: which of them this is, from 0.

    Raises:
      UserError: if they do not find each other.
    """
    told = {} if coordinator == "auto" else dict(num_processes=count, process_id=index)
    address = None if coordinator == "auto" else coordinator
    # What waits for a host that has ended gets an error, and the process is not aborted.
    jax.config.update("jax_enable_recoverability", True)
    try:
        jax.distributed.initialize(address, **told, heartbeat_timeout_seconds=SILENCE)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"the hosts did not find each other by {coordinator}: {reason}") from error


def many():
    """Return whether there are several."""
    return jax.process_count() > 1


def first():
    """Return whether this is the one that writes what is written once."""
    return jax.process_index() == 0


def anywhere(flag):
    """Return whether a flag is set on any host; all have to ask."""
    return bool(np.any(multihost_utils.process_allgather(np.array(flag)))) if many() else flag


def alike(text):
    """Raise a `UserError` if a text is not the same on all hosts; all have to ask."""
    digest = np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8)
    if many() and len(np.unique(multihost_utils.process_allgather(digest), axis=0)) > 1:
        raise UserError("the hosts were not given the same configuration; give all the same")


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

    To wait for the others as Python ends would be to wait for ever.
    """
    try:
        yield
    except (UserError, KeyboardInterrupt):  # on all of them
        raise
    except Exception as error:
        if not many():
            raise
        if lost := _lost(error):
            print(
                "error: another host of this run has ended, and so does this one; give all the "
                f"same commands again to go on from the last checkpoint ({lost[:120]})",
                file=sys.stderr,
            )  # fmt: skip
        else:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(ENDED if lost else 1)


def _lost(error):
    """What JAX said of another host, if an error comes of that."""
    while error and not isinstance(error, jax.errors.JaxRuntimeError):
        error = error.__cause__ or error.__context__
    return str(error).splitlines()[0] if error else None


def put(tree, sharding):
    """Put arrays that every host has whole on the devices of all.

    Args:
      tree: of arrays.
      sharding: a sharding for all, or a prefix of the tree.
    """
    if not many():
        return jax.device_put(tree, sharding)
    shardings = jax.tree.broadcast(sharding, tree)
    return jax.tree.map(_put, tree, shardings)


def _put(x, sharding):
    if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_put(jax.random.key_data(x), sharding))
    whole = np.asarray(x)
    return jax.make_array_from_callback(whole.shape, sharding, lambda index: whole[index])


def whole(tree):
    """Return arrays that every host has whole, of arrays that may be spread; all have to ask."""
    return jax.tree.map(_whole, tree) if many() else tree


def _whole(x):
    if x.is_fully_replicated:
        return x.addressable_data(0)
    if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_whole(jax.random.key_data(x)))
    return jax.numpy.asarray(multihost_utils.process_allgather(x, tiled=True))
