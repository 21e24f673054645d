"""Watch a run: what it says of itself while it goes on, and what it is warned of or stopped for."""

import collections
import time

import jax
import numpy as np

from memlearn.types import UserError

SPIKE = 10.0  # times the median of late: a gradient that large is worth a word
COLLAPSED = 1.5  # banks that take part in effect; if fewer do, all goes to one bank in effect
LATE = 50  # updates that this median is of


class Watch:
    """The latest figures of a run, and how fast it goes, validation and compilation apart.

    Args:
      step: the step the run goes on from.
      metrics: `Metrics`, which they are written to.
      warn: function of a line for whoever looks at the run.
    """

    def __init__(self, step, metrics, warn):
        self._step, self._metrics, self._warn, self._since = step, metrics, warn, None
        self._rate = self._loss = self._score = None
        self._reports, self._gradients = [], collections.deque(maxlen=LATE)
        self._collapsed = False

    def note(self, report):
        """Keep the report of an update, on the device, until it is logged."""
        self._reports.append(report)

    def log(self, step):
        """Write the last report, once the update is done, and look at all since the last time.

        Raises:
          UserError: if the loss or the gradient of one of them is not finite.
        """
        reports = jax.device_get(self._reports)  # waits for the update
        if not reports:
            return
        self._reports.clear()
        for update, report in enumerate(reports, step - len(reports) + 1):
            if not np.isfinite(report["loss"] + report["gradient_norm"]):
                raise UserError(
                    f"update {update} has a loss or a gradient that is not finite; what it learned "
                    f"from is that of the run's seed and step {update - 1}, and no checkpoint is "
                    "of later: the same command comes there again, to the bit, with log_every=1 "
                    "if need be; or train anew with a lower learning_rate"
                )
            self._look(update, report)
        now, report = time.perf_counter(), reports[-1]
        if self._since is not None:
            self._rate = (step - self._step) / (now - self._since)
            report["updates_per_second"] = self._rate
        self._step, self._since, self._loss = step, now, report["loss"]
        self._metrics.write(step, report)

    def _look(self, update, report):
        """Warn of gradients that are suddenly large, and of banks that are not used any more."""
        gradient, usual = report["gradient_norm"], np.median(self._gradients or [np.inf])
        if len(self._gradients) >= LATE // 5 and gradient > SPIKE * usual > 0:
            self._warn(
                f"warning: the gradient of update {update} has norm {gradient:.3g}, "
                f"{gradient / usual:.0f} times what it had of late"
            )
        self._gradients.append(gradient)
        collapsed = report.get("banks", np.inf) < COLLAPSED
        if collapsed and not self._collapsed:
            self._warn(
                f"warning: at update {update} a router sends most to one bank, "
                f"{report['banks']:.2f} take part in effect; a balance_weight keeps them even"
            )
        self._collapsed = collapsed

    def validate(self, step, score):
        """Write the score of a validation, whose time does not count."""
        started = time.perf_counter()
        self._score = float(score)
        self._metrics.write(step, {"heldout": self._score})
        if self._since is not None:
            self._since += time.perf_counter() - started

    def told(self):
        """Return them in a line, beside the progress bar."""

        def shown(figure, digits):
            return "-" if figure is None else f"{figure:.{digits}f}"

        rate, loss, score = shown(self._rate, 1), shown(self._loss, 3), shown(self._score, 3)
        return f"{rate:>5} updates/s  loss {loss}  held-out {score}"
