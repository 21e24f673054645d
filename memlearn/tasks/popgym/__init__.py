"""The card games of POPGym (Morad et al., 2023), at its three levels, in JAX.

    env = TASKS["AutoencodeEasy"]
    observation, state = env.reset(key)
    observation, state, reward, terminated, truncated, info = env.step(key, state, action)
    env.vector(observation)  # float32 [P], for an encoder

With the same cards and the same actions they observe, reward and end as its package in NumPy does,
version 1.0.7, step by step.
"""

from memlearn.tasks.popgym.autoencode import Autoencode
from memlearn.tasks.popgym.cards import COLOR, RANK, SUIT
from memlearn.tasks.popgym.concentration import Concentration
from memlearn.tasks.popgym.count_recall import CountRecall
from memlearn.tasks.popgym.higher_lower import HigherLower
from memlearn.tasks.popgym.repeat_first import RepeatFirst
from memlearn.tasks.popgym.repeat_previous import RepeatPrevious

TASKS = {
    "AutoencodeEasy": Autoencode(decks=1),
    "AutoencodeMedium": Autoencode(decks=2),
    "AutoencodeHard": Autoencode(decks=3),
    "ConcentrationEasy": Concentration(decks=1, trait=COLOR),
    "ConcentrationMedium": Concentration(decks=2, trait=COLOR),
    "ConcentrationHard": Concentration(decks=1, trait=RANK),
    "CountRecallEasy": CountRecall(decks=1, trait=COLOR),
    "CountRecallMedium": CountRecall(decks=2, trait=SUIT),
    "CountRecallHard": CountRecall(decks=4, trait=RANK),
    "HigherLowerEasy": HigherLower(decks=1),
    "HigherLowerMedium": HigherLower(decks=2),
    "HigherLowerHard": HigherLower(decks=3),
    "RepeatFirstEasy": RepeatFirst(decks=1),
    "RepeatFirstMedium": RepeatFirst(decks=8),
    "RepeatFirstHard": RepeatFirst(decks=16),
    "RepeatPreviousEasy": RepeatPrevious(decks=1, k=4),
    "RepeatPreviousMedium": RepeatPrevious(decks=2, k=32),
    "RepeatPreviousHard": RepeatPrevious(decks=3, k=64),
}
