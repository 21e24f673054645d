"""The training loop: draw a batch, update, and now and then log, validate and save."""

import time

import jax
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def train(
    state, *, parallel, draw, validate, checkpoints, metrics, updates,
    log_every, validate_every, checkpoint_every,
):  # fmt: skip
    """Update `state` until it has taken `updates` updates.

    What a batch holds depends on the state's key and step alone, so that a run which was cut off
    and goes on from a checkpoint is the run that was not.

    Args:
      state: `TrainState`, new or restored.
      parallel: `Parallel`, the update over all devices.
      draw: function from a random key to a batch.
      validate: function from params to a score.
      checkpoints: `Checkpoints`.
      metrics: `Metrics`.
      updates: how many updates the whole run has.
      log_every, validate_every, checkpoint_every: in updates.

    Returns:
      the `TrainState` after the last update, one copy.

    Raises:
      KeyboardInterrupt: if interrupted, once the state is saved.
    """
    step, key = int(state.step), state.key
    spread = parallel.spread(state)
    clock = _Clock(step)
    with _progress() as progress:
        task = progress.add_task("", total=updates, completed=step, note="compiling")
        try:
            while step < updates:
                spread, report = parallel.update(spread, draw(jax.random.fold_in(key, step)))
                step += 1
                if step % log_every == 0 or step == updates:
                    clock.log(step, report, metrics)
                if step % validate_every == 0 or step == updates:
                    clock.validate(step, validate(parallel.gather(spread).params), metrics)
                    progress.console.print(f"update {step:>6}  {clock.note()}")
                if step % checkpoint_every == 0 or step == updates:
                    checkpoints.save(step, parallel.gather(spread))
                progress.update(task, completed=step, note=clock.note())
        except KeyboardInterrupt:
            if checkpoints.latest() != step:
                checkpoints.save(step, parallel.gather(spread))
            raise
        finally:
            checkpoints.close()
            metrics.close()
    return parallel.gather(spread)


class _Clock:
    """The latest figures of a run, and how fast it goes, validation and compilation apart."""

    def __init__(self, step):
        self._step, self._since = step, None
        self._rate = self._loss = self._score = float("nan")

    def log(self, step, report, metrics):
        report = jax.device_get(report)  # waits for the update
        now = time.perf_counter()
        if self._since is not None:
            self._rate = (step - self._step) / (now - self._since)
        self._step, self._since, self._loss = step, now, report["loss"]
        metrics.write(step, {**report, "updates_per_second": self._rate})

    def validate(self, step, score, metrics):
        started = time.perf_counter()
        self._score = float(score)
        metrics.write(step, {"heldout": self._score})
        self._since += time.perf_counter() - started

    def note(self):
        return f"{self._rate:5.1f} updates/s  loss {self._loss:.3f}  held-out {self._score:.3f}"


def _progress():
    columns = MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn()
    return Progress(TextColumn("training"), BarColumn(), *columns, console=Console(stderr=True))
