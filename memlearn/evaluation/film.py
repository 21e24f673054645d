"""One lifetime as a film: step by step, what the agent meets and answers, and what its memory does.

Lengths are pixels, from the upper left corner of the picture; a box is `(x, y, width, height)`.
"""

import itertools
import math

import numpy as np
from matplotlib import animation, patches
from matplotlib.figure import Figure

from memlearn.evaluation import scene
from memlearn.memory.slot_memory import SlotTrace
from memlearn.types import EPISODE, UserError

PACE, PAUSE = 1.5, 3  # steps a second, and for how many more of them the last one stays
DPI, WIDTH, NARROW, HEIGHT, EDGE = 100, 1100, 300, 740, 28  # narrow: without slots
PRESENT = 190  # how wide the left column is, of what happens now
MEMORY = (278, 92, WIDTH - EDGE - 278, 588)  # the box of the slots
INK, PALE, FAINT = "0.2", "0.55", "0.9"


def draw(record, trace, title, subtitle, path, times):
    """Draw a film of one lifetime.

    Left: what is met, by every sense; what is said; the answer, green if right and red, with the
    right one, if not; how far the event is admitted. Right, if the memory is one of slots: those
    that were touched, bank by bank, each with the event that it holds most of, which fades as it is
    forgotten; framed as far as the slot is written to and, where its bank is asked, read from.

    Args:
      record: `Record` of one lifetime, arrays `[T, ...]`.
      trace: `SlotTrace` of the lifetime, arrays `[T, ...]`; another memory's is not drawn.
      title, subtitle: whose lifetime it is, a line each.
      path: `pathlib.Path` of the film, .gif or .mp4.
      times: the steps to draw, in their order.

    Raises:
      UserError: if films are not made like that, or there is nothing to make it with.
    """
    movie, slots = writer(path), isinstance(trace, SlotTrace)
    width = WIDTH if slots else NARROW
    held = holdings(trace.write, trace.decay) if slots else None
    figure = Figure(figsize=(width / DPI, HEIGHT / DPI))
    with movie.saving(figure, path, DPI):
        for time in times:
            figure.clear()
            ax = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(HEIGHT, 0))
            ax.axis("off")
            _write(ax, EDGE, 32, title, 11, INK)
            _write(ax, EDGE, 54, subtitle, 8)
            _draw_present(ax, record, trace.admission[time] if slots else None, time)
            _draw_line(ax, record, width - 2 * EDGE, time)
            if slots:
                _draw_legend(ax)
                _draw_memory(ax, record.steps, trace, held, time)
            movie.grab_frame()
        for _ in range(PAUSE):
            movie.grab_frame()


def holdings(write, decay):
    """Follow what is left of every event in every slot: `write_s exp(decay_{s+1} + ... + decay_t)`.

    Args:
      write: weights over slots, float `[T, H, N]`.
      decay: log-decay of slots, float `[T, H, N]`.

    Returns:
      the event that a slot holds most of after each step, the last one if it holds as much of
      several, int `[T, H, N]`; how much of it; and how much of all, floats `[T, H, N]`.
    """
    left, found = np.zeros_like(write), []
    for time, kept in enumerate(np.exp(decay)):
        left *= kept
        left[time] = write[time]
        most = len(left) - 1 - left[::-1].argmax(axis=0)
        found.append((most, left.max(axis=0), left.sum(axis=0)))
    return tuple(map(np.stack, zip(*found)))


def writer(path):
    """Return what writes a film to a path, a GIF or an MP4; see `draw`."""
    if path.suffix not in (".gif", ".mp4"):
        raise UserError(f"a film is a .gif or an .mp4; got {path}")
    if path.suffix == ".gif":
        return animation.PillowWriter(fps=PACE)
    if not animation.FFMpegWriter.isAvailable():
        raise UserError("an .mp4 takes ffmpeg, which is not installed; a .gif takes nothing more")
    return animation.FFMpegWriter(fps=PACE)


def _draw_present(ax, record, admission, time):
    senses, y = scene.senses(record.steps), MEMORY[1]
    side = min(PRESENT, 400 / len(senses) - 36)
    for sense in senses:
        box = EDGE, y + 12, side, side
        _write(ax, EDGE, y, scene.VERBS[sense], 8)
        _box(ax, box, edgecolor=FAINT)
        if record.steps.present[sense][time]:
            _draw_form(ax, record.steps, sense, time, box)
        y += side + 36
    told, (answered, color) = scene.said(record.steps, time), scene.answered(record, time)
    for name, words, shade in (("told", told, INK), ("answered", answered, color)):
        _write(ax, EDGE, y, name, 8)
        _write(ax, EDGE, y + 24, " ".join(words) or "·", 17, shade if words else PALE)
        y += 62
    if admission is not None:
        _write(ax, EDGE, y, "admitted", 8)
        _box(ax, (EDGE, y + 14, PRESENT, 6), facecolor=FAINT)
        _box(ax, (EDGE, y + 14, admission * PRESENT, 6), facecolor=scene.WRITTEN)


def _draw_line(ax, record, width, time):
    """Below: all steps of the lifetime, the present one, and how well was answered so far."""
    steps, rewards = record.steps, record.rewards[: time + 1]
    length, step = len(record.rewards), width / len(record.rewards)
    for each, boundary in enumerate(steps.boundary):
        answered, color = scene.answered(record, each)
        passed = color if answered else PALE if scene.said(steps, each) else "0.75"
        gap = 0.4 if boundary == EPISODE else 0.1
        tall = 12 if each == time else 5
        box = EDGE + (each + gap) * step, 704 - tall / 2, (1 - gap) * step, tall
        _box(ax, box, facecolor=passed if each <= time else FAINT)
    _write(ax, EDGE, 724, f"step {time + 1} of {length}", 8)
    if asked := steps.question[: time + 1].sum():
        right = f"{np.sum(rewards > 0)} of {asked} right"
        total = right if "text" in steps.observation else f"rewards {rewards.sum():.3g}"
        _write(ax, EDGE + width, 724, total, 8, ha="right")


def _draw_legend(ax):
    x = MEMORY[0]
    for left, words, color in ((x, "written", scene.WRITTEN), (x + 80, "read", scene.READ)):
        _box(ax, (left, 27, 10, 10), edgecolor=color, linewidth=2.2)
        _write(ax, left + 18, 32, words, 8)
    _box(ax, (x + 144, 31, 14, 3), facecolor=PALE)
    _write(ax, x + 166, 32, "how full", 8)
    _write(ax, x, 54, "each slot: the event it holds most of, as far as that is left", 8)


def _draw_memory(ax, steps, trace, held, time):
    """The slots of each bank, with banks beside each other if that makes them larger."""
    x, y, width, height = MEMORY
    banks, slots = trace.write.shape[1], scene.touched(trace)
    read = trace.read[time] * trace.read_banks[time, :, None]
    now = *(x[time] for x in held), trace.write[time], read

    def side(across, columns):
        wide, tall = width / across - 14, height / math.ceil(banks / across) - 26
        return min(wide / columns, tall / math.ceil(slots / columns) / 1.3, 80)

    shapes = itertools.product(range(1, banks + 1), range(1, slots + 1))
    size, across, columns = max((side(*shape), *shape) for shape in shapes)
    for bank in range(banks):
        left = x + bank % across * width / across
        top = y + bank // across * height / math.ceil(banks / across)
        _write(ax, left, top, f"bank {bank}", 8)
        for slot in range(slots):
            row, column = divmod(slot, columns)
            box = left + column * size, top + 14 + 1.3 * row * size, 0.82 * size
            _draw_slot(ax, steps, *box, *(x[bank, slot] for x in now))


def _draw_slot(ax, steps, x, y, side, event, left, full, write, read):
    _box(ax, (x, y, side, side), edgecolor=FAINT)
    if left > scene.LEAST:
        alpha = min(left, 1)
        senses = [name for name in scene.senses(steps) if steps.present[name][event]]
        for place, sense in enumerate(senses):
            band = x, y + place * side / len(senses), side, side / len(senses)
            _draw_form(ax, steps, sense, event, band, alpha)
        words, style = " ".join(scene.said(steps, event)), dict(ha="center", alpha=alpha)
        _write(ax, x + side / 2, y + 1.34 * side, words, 0.16 * side, INK, **style)
        _box(ax, (x, y + 1.12 * side, min(full, 1) * side, 0.05 * side), facecolor=PALE)
    # Neither covers the other: what is being written to is hidden from reads.
    for weight, color in ((write, scene.WRITTEN), (read, scene.READ)):
        if weight > scene.LEAST:
            frame = x - 2, y - 2, side + 4, side + 4
            _box(ax, frame, edgecolor=color, linewidth=2.6, alpha=min(weight, 1))


def _draw_form(ax, steps, sense, time, box, alpha=None):
    x, y, wide, tall = box
    if sense == "image":  # is not stretched
        x, wide = x + (wide - tall) / 2, tall
    extent = x, x + wide, y + tall, y
    scene.draw_form(ax, sense, steps.observation[sense][time], extent, 0.08 * wide, alpha=alpha)


def _box(ax, box, facecolor="none", **style):
    ax.add_patch(patches.Rectangle(box[:2], *box[2:], facecolor=facecolor, **style))


def _write(ax, x, y, words, size, color=PALE, **style):
    ax.text(x, y, words, fontsize=size, color=color, va="center", **style)
