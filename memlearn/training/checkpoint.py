"""Checkpoints: weights, optimizer, random key and step, written by Orbax in the background.

Orbax writes a step beside the others and renames it when it is whole, so that a process killed in
the middle leaves the last whole step. Its files carry no checksum of their content: a digest of the
state is saved with it.
"""

import contextlib
import hashlib

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from memlearn.training import hosts
from memlearn.types import UserError

KEEP = 2  # steps on disk: the last, and the one before in case the last is damaged


class Checkpoints:
    """The checkpoints of one run, in one folder.

    Args:
      folder: `pathlib.Path`, made if it is missing.
    """

    def __init__(self, folder):
        self.folder = folder
        options = ocp.CheckpointManagerOptions(max_to_keep=KEEP, create=True)
        self._manager = ocp.CheckpointManager(folder.resolve(), options=options)

    def latest(self):
        """Return the last step saved, or None."""
        return self._manager.latest_step()

    def save(self, step, state):
        """Begin to save `state` as `step`; returns as soon as the state may be changed.

        Among several hosts all have to, and each writes the part of the state that it has.

        Raises:
          UserError: if this step, or the one before, cannot be written.
        """
        digest = ocp.args.JsonSave({"sha256": _digest(hosts.whole(state))})
        with self._writing():
            self._manager.save(
                step, args=ocp.args.Composite(state=ocp.args.StandardSave(state), digest=digest)
            )

    def restore(self, like):
        """Return the last state saved.

        Args:
          like: a state of the same structure, shapes and dtypes, of arrays or of
            `jax.ShapeDtypeStruct` with a sharding.

        Raises:
          UserError: if there is none, or it is damaged or of another structure.
        """
        step = self.latest()
        if step is None:
            raise UserError(f"there is no checkpoint in {self.folder}; train first")
        wanted = ocp.args.Composite(
            state=ocp.args.StandardRestore(like), digest=ocp.args.JsonRestore()
        )
        try:
            found = self._manager.restore(step, args=wanted)
            if _digest(found.state) != found.digest["sha256"]:
                raise ValueError("its content is not what was saved")
        except Exception as error:  # Orbax raises bare ones
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise UserError(
                f"checkpoint {self.folder / str(step)} is damaged, or was written by other code: "
                f"{reason}; move that folder away to go on from the step before, if there is one"
            ) from error
        return found.state

    def close(self):
        """Wait until all that was begun is written; raise `UserError` if it cannot be."""
        with self._writing():
            self._manager.wait_until_finished()
        self._manager.close()

    @contextlib.contextmanager
    def _writing(self):
        """Say in a line why a step could not be written: the disk is full, or gone."""
        try:
            yield
        except (OSError, ValueError) as error:  # the latter is TensorStore's
            if isinstance(error, ValueError) and "Failed writing" not in str(error):
                raise
            reason = getattr(error, "strerror", None) or str(error).split(": ")[-1].split(" [")[0]
            last = f"the last whole one is of step {self.latest()}, where the same command goes on"
            last = last if self.latest() else "there is none yet, and the same command begins anew"
            raise UserError(
                f"no checkpoint can be written to {self.folder}: {reason}; {last}"
            ) from error


def exists(folder):
    """Return whether a checkpoint was ever written to `folder`; makes nothing."""
    return folder.is_dir() and any(path.name.isdigit() for path in folder.iterdir())


def _digest(state):
    """The SHA-256 of the bytes of all arrays."""
    sha = hashlib.sha256()
    for leaf in jax.tree.leaves(state):
        is_key = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        sha.update(np.ascontiguousarray(jax.random.key_data(leaf) if is_key else leaf).tobytes())
    return sha.hexdigest()
