"""Checkpoints: weights, optimizer, random key and step, written by Orbax in the background.

Orbax writes a step beside the others and renames it when it is whole, so that a process killed in
the middle leaves the last whole step.
"""

import jax
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
        self._manager.save(step, args=ocp.args.StandardSave(state))

    def restore(self, like):
        """Return the last state saved.

        Args:
          like: a state, or its `jax.ShapeDtypeStruct`s with sharding, of the same structure.

        Raises:
          UserError: if there is none, or it is damaged or of another structure.
        """
        step = self.require()
        try:
            restored = self._manager.restore(step, args=ocp.args.StandardRestore(like))
            return jax.block_until_ready(restored)
        except Exception as error:  # whatever a damaged file makes of tensorstore
            reason = str(error).strip().splitlines()[0]
            raise UserError(
                f"checkpoint {self.folder / str(step)} cannot be read ({reason}); remove that "
                "folder to go on from the step before"
            ) from error

    def close(self):
        """Wait until all that was begun is written."""
        self._manager.wait_until_finished()
        self._manager.close()
