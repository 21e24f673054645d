"""Recorded experience: the steps of all episodes of an RLDS data set, as arrays to learn from.

RLDS is for exchange: to read it, every image must be decoded. So this is done once. What a mapping
takes from the data set is kept as plain arrays in the data folder, under a name that depends on the
data set's files and on the mapping, and is sealed by checksums when it is finished.
"""

import hashlib
import json
import pathlib
import shutil
import time
from typing import NamedTuple

import numpy as np
from absl import logging
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from memlearn.data import build, checksums, records
from memlearn.data.recorded import blobs, codebook, episodes
from memlearn.data.recorded.mapping import PERCEIVED, WORD, columns
from memlearn.types import LIFETIME, NONE, TimeStep, UserError

FORM = 1  # of what is kept; another one is made anew
CARD = "card.json"  # what is kept, for people
NOTED = 5.0  # seconds between notes of how much was read


class Experience(NamedTuple):
    """Recorded steps, one episode after the other.

    Attributes:
      steps: `TimeStep`, arrays [S, ...] of numpy; what is large stays on disk until it is needed.
      first: int64 [E], the first step of each episode.
      held_out: bool [E], the episodes that are not for training.
      card: dict, what was read.
    """

    steps: TimeStep
    first: np.ndarray
    held_out: np.ndarray
    card: dict


def load(folder, mapping, words, held_out, data_dir=None):
    """Returns the `Experience` in a folder; what is kept of it is made if it is not there.

    Args:
      folder: str or path, of an RLDS data set.
      mapping: `Mapping`.
      words: int, how many words an agent has; of continuous actions each becomes one of them.
      held_out: float, the share of episodes that are held out, chosen by their number.
      data_dir: str or path, where data sets live; None for `build.default_data_dir()`.

    Raises:
      UserError: there is no such data set, it is damaged, or it cannot be mapped; there are too few
        episodes, or words.
    """
    source = episodes.find(folder)
    found = columns(source, mapping)
    numbers = range(source.episodes)
    aside = np.array([records.fraction_of(str(number)) < held_out for number in numbers], bool)
    if aside.all() or not aside.any():
        raise UserError(
            f"{source.name} has too few episodes, {source.episodes}, for some to be held out and "
            f"some not; config.experience.held_out is {held_out}"
        )
    root = pathlib.Path(data_dir or build.default_data_dir()).expanduser()
    coded = found["action"].kind is not WORD  # and so by how many words, learned from whom
    path = root / "experience" / _digest(source, mapping, (words, held_out) if coded else ())
    if checksums.fault(path):
        checksums.make_writable(root)
        with checksums.lock(root / f".experience-{path.name}.lock"):
            _make(path, source, found, aside, words)
    arrays, card = blobs.load(path), json.loads((path / CARD).read_text())
    first = np.cumsum(arrays["length"]) - arrays["length"]
    return Experience(_as_steps(arrays, first, words), first, aside, card)


def _digest(source, mapping, codes):
    """Returns a name for what is made of the files of a data set."""
    files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path, _ in source.files]
    made = FORM, source.name, files, mapping, codes
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()[:16]


def _make(path, source, found, aside, words):
    """Makes what is kept, or what is missing of it."""
    fault = checksums.fault(path)
    if not fault:
        return  # whoever held the lock before us made it
    if fault.name != checksums.CHECKSUMS:
        logging.warning("%s is damaged; it is made anew from %s", fault, source.name)
        shutil.rmtree(path)
    with blobs.Blobs(path) as growing:
        _read(growing, source, found)
    arrays = blobs.load(path)
    card = {"source": source.name, "episodes": source.episodes, "steps": len(arrays["action"])}
    card["fields"] = {name: column.paths for name, column in found.items()}
    if found["action"].kind is not WORD:
        book = codebook.learn(arrays["action"], np.repeat(aside, arrays["length"]), words)
        np.save(path / "codes.npy", book.codes)
        np.save(path / "centres.npy", book.centres)
        card["held_out_variance_lost_by_codes"] = book.error
    (path / CARD).write_text(json.dumps(card, indent=2) + "\n")
    checksums.seal(path)


def _read(growing, source, found):
    """Reads the episodes that were not read yet, beside a progress bar."""
    number, steps = growing.rows.get("length", 0), 0
    paths = {path for column in found.values() for path in column.paths}
    noted = started = time.monotonic()
    with _progress() as progress:
        task = progress.add_task("", total=source.episodes, completed=number, rate="")
        for episode in episodes.read(source, paths, number):
            arrays = _convert(episode, found, f"episode {number} of {source.name}")
            arrays["length"] = np.int64([len(arrays["action"])])
            for name, rows in arrays.items():
                growing.append(name, rows)
            number, steps, now = number + 1, steps + len(arrays["action"]), time.monotonic()
            if now - noted > NOTED:
                growing.note()
                noted = now
            rate = f"{steps / (now - started):,.0f} steps/s"
            progress.update(task, completed=number, rate=rate)
        growing.finish()


def _convert(episode, found, name):
    """Returns the arrays of an episode; what cannot be read, such as an image, is named."""
    arrays = {}
    for array, column in found.items():
        try:
            arrays[array] = column.of(episode)
        except (OSError, ValueError) as error:
            raise UserError(f"the {array} of {name} cannot be read: {error}") from error
    return arrays


def _progress():
    rate = TextColumn("episodes, {task.fields[rate]}")
    columns = BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn()
    console = Console(stderr=True)
    return Progress(TextColumn("reading what was recorded"), *columns, console=console)


def _as_steps(arrays, first, words):
    """Returns all steps as an agent is given them.

    Args:
      arrays: name -> array [S, ...], as of `columns`.
      first: int64 [E], the first step of each episode.
      words: int, W.
    """
    action = arrays["codes" if "codes" in arrays else "action"]
    length = len(action)

    def before(x):
        """Moves steps on by one; before the first of an episode there is nothing."""
        x = np.roll(x, 1)
        x[first] = 0
        return x

    question = arrays.get("question", np.ones(length, bool))
    observation = {name: arrays[name] for name in PERCEIVED if name in arrays}
    present = {name: arrays.get(f"present.{name}", np.ones(length, bool)) for name in observation}
    if "text" in present and "present.text" not in arrays:
        present["text"] = arrays["text"].any(-1)
    observation["action"], present["action"] = before(action), before(question)
    if "reward" in arrays:
        observation["reward"], present["reward"] = before(arrays["reward"]), before(question)
    boundary = np.array(arrays.get("boundary", np.full(length, NONE, np.int32)))
    boundary[first] = LIFETIME
    return TimeStep(
        observation, present, boundary, question,
        oracle=arrays.get("oracle", action),
        choices=arrays.get("choices", np.full(length, words, np.int32)),
    )  # fmt: skip
