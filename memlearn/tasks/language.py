"""The small language of the suite: instructions, and words that mean whatever a lifetime says.

A text is `[instruction, word]`, either of them `PAD`. Words are what the agent reads and, counted
from zero, also the actions with which it answers.
"""

THIS_IS = 1  # "this is <word>"
SOMEONE_SAID = 2  # "someone said <word>", which names nothing
WHAT_IS_THIS = 3
WHAT_CAME_NEXT = 4  # "which word came right after this?"
HOW_OFTEN = 5  # "how often was this seen?"
WHAT_TO_DO = 6  # "what is to be done with this?"
FIRST_WORD = 7  # the token of word 0; word w is token FIRST_WORD + w

LENGTH = 2

# How pictures put the instructions.
SPOKEN = {
    THIS_IS: "is",
    SOMEONE_SAID: "(said)",
    WHAT_IS_THIS: "this?",
    WHAT_CAME_NEXT: "next?",
    HOW_OFTEN: "often?",
    WHAT_TO_DO: "do?",
}


def vocabulary(words):
    """Return the number of tokens of a language of `words` words."""
    return FIRST_WORD + words
