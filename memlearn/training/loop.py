"""The training loop: draw a batch, update, and now and then log, validate and save."""

import contextlib
import signal

import jax.numpy as jnp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from memlearn.training import hosts
from memlearn.training.watch import Watch


def train(
    state, *, parallel, draw, validate, checkpoints, metrics, updates,
    log_every, validate_every, checkpoint_every,
):  # fmt: skip
    """Update `state` until it has taken `updates` updates.

    What a batch holds depends on the state's key and step alone, so that a run which was cut off
    and goes on from a checkpoint is the run that was not. Several hosts stop at the same update,
    one of those that are logged, whichever is asked; the first one validates, and shows how far.

    Args:
      state: `TrainState`, new or restored.
      parallel: `Parallel`, the update over all devices.
      draw: function of the state's key and its step that returns a batch.
      validate: function from params to a score.
      checkpoints: `Checkpoints`.
      metrics: `Metrics`.
      updates: how many updates the whole run has.
      log_every, validate_every, checkpoint_every: in updates, at least 1.

    Returns:
      the `TrainState` after the last update, one copy.

    Raises:
      UserError: if the loss or its gradient is found not to be finite.
      KeyboardInterrupt: if asked to stop by SIGINT or SIGTERM, once the state is saved.
    """
    step, key = int(jnp.max(state.step)), state.key
    spread_state = parallel.spread(state)
    with (
        contextlib.closing(checkpoints), contextlib.closing(metrics),
        _progress() as progress, _StopSignals() as signals, hosts.together(),
    ):  # fmt: skip
        stop, watch = False, Watch(step, metrics, progress.console.print)
        task = progress.add_task("", total=updates, completed=step, note="compiling")
        while step < updates and not stop:
            spread_state, report = parallel.update(spread_state, draw(key, step))
            step += 1
            watch.note(report)
            saves = step % checkpoint_every == 0 or step == updates
            if step % log_every == 0 or saves:
                watch.log(step)
            if step % validate_every == 0 or step == updates:
                params = hosts.whole(parallel.gather(spread_state).params)
                if hosts.first():
                    watch.validate(step, validate(params))
                progress.console.print(f"update {step:>6}  {watch.told()}")
            if saves:
                checkpoints.save(step, parallel.gather(spread_state))
            progress.update(task, completed=step, note=watch.told())
            # To agree takes time, and so is done where the others are waited for anyway.
            if step % log_every == 0 or not hosts.many():
                stop = hosts.anywhere(signals.stop)
        if checkpoints.latest() != step:
            watch.log(step)
            checkpoints.save(step, parallel.gather(spread_state))
    if step < updates:
        raise KeyboardInterrupt
    return parallel.gather(spread_state)


class _StopSignals:
    """Notes SIGINT and SIGTERM, for the loop to stop between two updates and never within one.

    Whoever cannot wait for the update to end asks a second time.
    """

    def __enter__(self):
        self.stop = False
        self._before = {
            number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def _note(self, number, frame):
        if self.stop:
            raise KeyboardInterrupt
        self.stop = True

    def __exit__(self, *exception):
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _progress():
    columns = MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn()
    console = Console(stderr=True, quiet=not hosts.first())
    return Progress(TextColumn("training"), BarColumn(), *columns, console=console)
