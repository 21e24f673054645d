"""Record lifetimes of a trained agent, or of its teacher, as an RLDS data set.

    python -m experiments.record --checkpoint=runs/binding --out=recorded [--lifetimes=256]
        [--row=heldout] [--actor=agent] [--seed=0]

`tfds.builder_from_directory("recorded")` reads it, without memlearn and without TensorFlow.
"""

import functools

import jax
from absl import flags

from experiments import command, trained
from memlearn import build, worlds
from memlearn.data import build as data_build
from memlearn.data.recorded import rlds
from memlearn.tasks import language, play
from memlearn.types import EPISODE, LIFETIME, NONE, PAD

CHECKPOINT = flags.DEFINE_string("checkpoint", None, "the workdir of a run", required=True)
OUT = flags.DEFINE_string("out", None, "the folder of the data set, a new one", required=True)
LIFETIMES = flags.DEFINE_integer("lifetimes", 256, "how many lifetimes", lower_bound=1)
ROW = flags.DEFINE_enum("row", "heldout", list(worlds.CONDITIONS), "of which row of an evaluation")
ACTOR = flags.DEFINE_enum("actor", "agent", ["agent", "teacher"], "who lives them")
SEED = flags.DEFINE_integer("seed", 0, "other lifetimes for each seed", lower_bound=0)
BATCH = 32  # lifetimes at a time
MEANING = (
    f"boundary: {NONE} nothing, {EPISODE} an episode of the same lifetime begins, {LIFETIME} a "
    f"lifetime begins. text: an instruction and a word; {PAD} nothing, "
    + ", ".join(f"{token} '{spoken}'" for token, spoken in language.SPOKEN.items())
    + f", {language.FIRST_WORD} + w the word w, which is also the action w."
)


def main():
    out = rlds.new(OUT.value)  # said before anything is lived
    folder, config = trained.find(CHECKPOINT.value)
    env, world = worlds.conditions(config)[ROW.value]
    policy, state = build.policy(config), trained.restore(folder, config)
    live = functools.partial(lifetimes, env, policy, ACTOR.value, config.trial_rates[-1])
    keys = jax.random.split(jax.random.fold_in(jax.random.key(4), SEED.value), LIFETIMES.value)
    batches = [keys[first : first + BATCH] for first in range(0, LIFETIMES.value, BATCH)]
    shown = data_build.prepare(config.data, config.data_dir or None).info
    rlds.write(
        (live(state.params, world, batch) for batch in command.track(batches, "living")),
        out,
        f"Lifetimes of {config.task}, lived by the {ACTOR.value} of {folder} after {state.step} "
        f"updates, in the row {ROW.value} of its evaluation, seed {SEED.value}.\n{MEANING}\n"
        f"What is shown is of {shown.full_name}:\n{shown.description}",
        shown.redistribution_info.license,
    )
    print("data set ", out)


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 3))
def lifetimes(env, policy, actor, trial_rate, params, world, keys):
    """Live through whole lifetimes; return their `Record`, arrays `[B, T, ...]`."""
    batch = keys.shape[0]
    if actor == "agent":
        act, carry = play.student(policy, params), policy.initial_state(batch)
    else:
        carry = play.new_teacher(jax.random.fold_in(keys[0], 1), batch, env.words)
        act = play.teacher(trial_rate)
    return play.play(env, world, play.reset(env, world, keys), act, carry, env.length)[2]


if __name__ == "__main__":
    command.run(main)
