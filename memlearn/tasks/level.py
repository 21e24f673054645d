"""Level: how much happens in a lifetime. Every task reads of it what it needs."""

from typing import NamedTuple


class Level(NamedTuple):
    """The size of a lifetime.

    Attributes:
      classes: items that are named.
      delay: steps of unrelated items between the experience and the questions.
      words: W, the words there are to choose names from.
      mentions: `selection`, items that are mentioned but not named.
      counted: `counting`, items that come back again and again.
      showings: `counting`, the most often that one of them is shown.
      kinds: `rule`, kinds of items, and actions that they want.
      trials: `rule`, episodes in which the actions are tried.
    """

    classes: int
    delay: int
    words: int
    mentions: int
    counted: int
    showings: int
    kinds: int
    trials: int

    def part(self, share):
        """Return an easier level: so much of it is to be remembered, and for so long.

        What is found by trying is tried as often as ever: fewer trials would be harder.
        """
        least = {"classes": 2, "delay": 0, "mentions": 0, "counted": 1, "showings": 1, "kinds": 2}
        sizes = {name: round(share * getattr(self, name)) for name in least}
        sizes = {name: max(sizes[name], low) for name, low in least.items()}
        return self._replace(**{name: min(x, getattr(self, name)) for name, x in sizes.items()})

    def times(self, classes=1, delay=1):
        """Return the level with so many times the items to be remembered, or the delay."""
        return self._replace(
            classes=classes * self.classes,
            counted=classes * self.counted,
            delay=delay * self.delay,
        )
