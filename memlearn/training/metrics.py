"""Metrics: one JSON object a line, and TensorBoard when asked for."""

import json

from memlearn.training import workdir
from memlearn.types import UserError


class Metrics:
    """The metrics of a run, in `metrics.jsonl`.

    A run that goes on from a checkpoint forgets the lines it will write again.

    Args:
      folder: `pathlib.Path` of the run.
      step: the step the run goes on from; 0 for a new one.
      tensorboard: whether to write TensorBoard events to `folder/tensorboard` as well.
    """

    def __init__(self, folder, step, tensorboard):
        path = folder / "metrics.jsonl"
        kept = [line for line in read(folder) if line["step"] <= step]
        workdir.write(path, "".join(json.dumps(line) + "\n" for line in kept))
        self._file = path.open("a", buffering=1)
        self._tensorboard = None
        if tensorboard:
            self._tensorboard = _summary_writer()(str(folder / "tensorboard"), purge_step=step + 1)

    def write(self, step, values):
        """Append a dict of scalars, measured after `step` updates."""
        values = {name: float(value) for name, value in values.items()}
        self._file.write(json.dumps({"step": step, **values}) + "\n")
        if self._tensorboard:
            for name, value in values.items():
                self._tensorboard.add_scalar(name, value, step)

    def close(self):
        """Close the files."""
        self._file.close()
        if self._tensorboard:
            self._tensorboard.close()


class Unwritten:
    """The metrics of a host that is not the first, which writes them for all."""

    def write(self, step, values):
        """Leave it to the first host."""

    def close(self):
        """Nothing was opened."""


def _summary_writer():
    try:
        from tensorboardX import SummaryWriter  # an extra: only when asked for
    except ImportError as error:
        raise UserError("TensorBoard needs an extra: pip install -e '.[tensorboard]'") from error
    return SummaryWriter


def read(folder):
    """Return the lines of a run's metrics as dicts; a last line cut short is left out.

    Raises:
      UserError: if another line is damaged.
    """
    path = folder / "metrics.jsonl"
    if not path.exists():
        return []
    whole = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    lines = []
    for number, line in enumerate(whole, 1):
        try:
            found = json.loads(line)
            lines.append({**found, "step": found["step"]})
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"line {number} of {path} is damaged; remove that line") from error
    return lines
