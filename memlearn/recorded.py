"""Recorded experience, as a run learns from it and is examined on it: what `worlds` is to tasks."""

import functools

import grain
import jax
import numpy as np

from memlearn.data.recorded import experience as recorded
from memlearn.data.recorded.mapping import Mapping
from memlearn.data.recorded.rows import Rows
from memlearn.learning import augment, windows
from memlearn.tasks import language
from memlearn.training import hosts
from memlearn.types import UserError

AHEAD = 4  # batches that are drawn before they are asked for
ENDLESS = 2**31  # steps

_load = functools.cache(recorded.load)  # what is on disk is verified once


def load(config):
    """Return the `Experience` of a configuration.

    Raises:
      UserError: if there is none, or it does not fit `config.words`.
    """
    settings = config.experience
    mapping = Mapping(**{name: settings[name] for name in Mapping._fields})
    place = dict(held_out=settings.held_out, data_dir=config.data_dir or None)
    found = _load(settings.folder, mapping, config.words, **place)
    steps = found.steps
    right, choices = steps.oracle[steps.question], steps.choices[steps.question]
    meant = [steps.observation["action"], right, choices - 1]
    if settings.text and not settings.text_length:
        meant.append(steps.observation["text"] - language.vocabulary(0))
    if (needed := 1 + max(int(x.max(initial=0)) for x in meant)) > config.words:
        raise UserError(f"what was recorded needs --config.words={needed}, if not more")
    if min(int(x.min(initial=0)) for x in meant[:3]) < 0 or np.any(right >= choices):
        raise UserError("actions are words, counted from 0, and right ones are among the choices")
    return found


def teaching(config, experience):
    """Return the function from a key and a step to a batch of rows to train on.

    The batch is a `TimeStep`, arrays `[B, T, ...]`. Which rows are in it depends on the key and the
    step alone; each is drawn once before any is drawn again. Of several hosts, each reads those
    rows that its own devices learn from.

    Raises:
      UserError: if windows do not divide a row.
    """
    windows.check(config.window, config.experience.length)
    rows = Rows(experience, held_out=False, length=config.experience.length)
    share = hosts.share(config.batch)
    batches = Ahead(rows, config.batch, share)
    amounts = dict(zoom=config.zoom, shift=config.shift, recolor=config.recolor)

    @jax.jit
    def look(key, step, steps):
        # Each row by a key of its own, whichever host it is read by.
        keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.fold_in(key, step), share)
        return augment.see(keys, steps, **amounts)

    def draw(key, step):
        steps = batches.at(key, step)
        steps = look(key, step, steps) if "image" in steps.observation else steps
        return hosts.join_rows(steps, config.batch)

    return draw


def examination(config, experience, held_out, most):
    """Return a list of batches, `TimeStep`s of arrays `[B, T, ...]`, always the same ones.

    Args:
      config, experience: as for `teaching`.
      held_out: whether they are of the episodes held out, or else of the others.
      most: rows in all batches together, at most; they have no step in common.
    """
    rows = Rows(experience, held_out, config.experience.length)
    chosen = rows.apart(most)
    return [rows.batch(x) for x in np.array_split(chosen, -(-len(chosen) // config.batch))]


class Ahead:
    """Batches of rows, drawn in a thread before they are asked for.

    Args:
      rows: `Rows`.
      batch: B.
      share: int `[b]`, which rows of a batch are read.
    """

    def __init__(self, rows, batch, share):
        self._rows, self._batch, self._share = rows, batch, share
        self._next = self._batches = None

    def at(self, key, step):
        """Return what is read of the batch of a step; quickly, if it comes after the one before."""
        # Without an operation on the device, which would wait for the update that is running there.
        seed = int(np.asarray(jax.random.key_data(key))[-1])
        if (seed, step) != self._next:
            order = grain.MapDataset.range(len(self._rows.starts)).shuffle(seed).repeat()
            batches = grain.MapDataset.range(step, ENDLESS).map(lambda n: self._draw(order, n))
            buffered = grain.ReadOptions(num_threads=1, prefetch_buffer_size=AHEAD)
            self._batches = iter(batches.to_iter_dataset(buffered))
        self._next = seed, step + 1
        return next(self._batches)

    def _draw(self, order, step):
        first = step * self._batch
        return self._rows.batch(np.array([order[first + i] for i in self._share]))
