"""The small language of the suite: instructions, and words that mean whatever a lifetime says.

A text is `[instruction, word]`, either of them `PAD`. Words are what the agent reads and, counted
from zero, also the actions with which it answers.
"""

THIS_IS = 1  # "this is <word>"
WHAT_IS_THIS = 2
WHAT_CAME_NEXT = 3  # "which word came right after this?"
FIRST_WORD = 4  # the token of word 0; word w is token FIRST_WORD + w

LENGTH = 2

# How pictures put the instructions.
SPOKEN = {THIS_IS: "is", WHAT_IS_THIS: "this?", WHAT_CAME_NEXT: "next?"}


def vocabulary(words):
    """Return the number of tokens of a language of `words` words."""
    return FIRST_WORD + words
