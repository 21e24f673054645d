"""crossmodal: met by two senses at once, and named; name it again when it is met by one of them.

Which of the two will be asked by is not known while there is something to be learned, so that what
is experienced must be found by either. It is a task for every ordered pair of senses, of which the
second is asked by, in another style, or by another voice. Chance is 1 / words.
"""

import functools
import itertools

from memlearn.tasks.binding import binding
from memlearn.types import SENSES

# Name -> the two senses, and name -> task.
PAIRS = {"_".join(pair): pair for pair in itertools.permutations(SENSES, 2)}
TASKS = {
    name: functools.partial(binding, met=pair, asked_by=pair[1:]) for name, pair in PAIRS.items()
}
