"""Checkpoints: weights, optimizer, random key and step, written by Orbax in the background.

Orbax writes a step beside the others and renames it when it is whole, so that a process killed in
the middle leaves the last whole step.
"""

import hashlib

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

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

    def require(self):
        """Return the last step saved, or raise `UserError` if there is none."""
        step = self.latest()
        if step is None:
            raise UserError(f"there is no checkpoint in {self.folder}; train first")
        return step

    def save(self, step, state):
        """Begin to save `state` as `step`; returns as soon as the state may be changed."""
        digest = ocp.args.JsonSave({"sha256": _digest(state)})
        self._manager.save(
            step, args=ocp.args.Composite(state=ocp.args.StandardSave(state), digest=digest)
        )

    def restore(self, like):
        """Return the last state saved.

        Args:
          like: a state, or its `jax.ShapeDtypeStruct`s with sharding, of the same structure.

        Raises:
          UserError: if there is none, or it is damaged or of another structure.
        """
        step = self.require()
        wanted = ocp.args.Composite(
            state=ocp.args.StandardRestore(like), digest=ocp.args.JsonRestore()
        )
        try:
            found = self._manager.restore(step, args=wanted)
            if _digest(found.state) != found.digest["sha256"]:
                raise ValueError("it is not what was saved")
        except Exception as error:  # whatever a damaged file makes of Orbax
            reason = str(error).strip().splitlines()[0]
            raise UserError(
                f"checkpoint {self.folder / str(step)} cannot be read ({reason}); remove that "
                "folder to go on from the step before"
            ) from error
        return found.state

    def close(self):
        """Wait until all that was begun is written."""
        self._manager.wait_until_finished()
        self._manager.close()


def _digest(state):
    """The SHA-256 of the bytes of all arrays: the files carry no checksum of their content."""
    sha = hashlib.sha256()
    for leaf in jax.tree.leaves(state):
        plain = (
            jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf
        )
        sha.update(np.ascontiguousarray(plain).tobytes())
    return sha.hexdigest()
