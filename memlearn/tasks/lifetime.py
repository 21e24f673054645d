"""Lifetime: the environment in which a script is played with real images.

It follows gymnax 1.0: `reset(key, params)` and `step(key, state, action, params)` are pure, can be
jitted and vmapped, and observations are dicts.
"""

from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from gymnax.environments import spaces
from gymnax.environments.environment import Environment
from jax import lax

from memlearn.tasks import language
from memlearn.tasks.script import STUDY, Script, pad
from memlearn.types import NONE, PAD, SENSES, TimeStep, UserError


@struct.dataclass
class Sense:
    """What a class is like to one sense: in every face another, be it a style or a voice.

    Attributes:
      forms: uint8 `[C, F, ...]`, every class in every face.
      study_faces: bool `[C, F]`, the faces in which a class is studied, one at least.
      ask_faces: bool `[C, F]`, the faces in which it is asked for; unless it comes back the same,
        one at least that it was not studied in.
      same: whether it comes back in the face in which it was studied, or never.
    """

    forms: jax.Array
    study_faces: jax.Array
    ask_faces: jax.Array
    same: bool = struct.field(pytree_node=False, default=False)


@struct.dataclass
class LifetimeParams:
    """The world that lifetimes are drawn from.

    Attributes:
      senses: name, of `types.SENSES` -> `Sense`, of the same classes.
      tasks: float32, how often each of the environment's tasks is met, relative to the others.
    """

    senses: dict[str, Sense]
    tasks: jax.Array

    @property
    def classes(self):
        """C, how many classes there are."""
        return next(iter(self.senses.values())).forms.shape[0]


class LifetimeState(NamedTuple):
    """Where a lifetime stands.

    Attributes:
      time: int32, the index of the present step.
      script: what happens, `Script` of T steps.
      classes: int32 `[T]`, the class met at each step.
      faces: name of a sense -> int32 `[T]`, the face it is met in.
      action: int32, the action of the step before.
      reward: float32, the reward of the step before.
    """

    time: jax.Array
    script: Script
    classes: jax.Array
    faces: dict[str, jax.Array]
    action: jax.Array
    reward: jax.Array


class Lifetime(Environment):
    """Plays the lifetimes that tasks write, each lifetime one of them.

    Lifetimes of several tasks are made equally long by steps in which other classes go by.

    Args:
      tasks: functions of a key that return a `Script`.
      words: W, the number of words and so of actions.

    Attributes:
      length: T, the number of steps of every lifetime; so many classes are drawn for it.
      last_episode: the step at which the last episode starts; before it is experience.

    Raises:
      UserError: if a script has one episode only, and so no experience to be asked about.
    """

    def __init__(self, tasks: tuple[Callable[[jax.Array], Script], ...], words: int):
        self.words = words
        starts, lengths = zip(*map(_measure, tasks))
        self.last_episode = max(starts)
        rest = max(length - start for start, length in zip(starts, lengths))
        self.length = self.last_episode + rest
        self._writers = [
            _padded(task, self.last_episode - start, rest - (length - start))
            for task, start, length in zip(tasks, starts, lengths)
        ]

    def reset_env(self, key, params):
        key_task, key_script, key_classes, key_faces = jax.random.split(key, 4)
        chex.assert_shape(params.tasks, (len(self._writers),))
        task = jax.random.categorical(key_task, jnp.log(params.tasks))
        script = lax.switch(task, self._writers, key_script)
        # Each item of the script becomes a class of its own.
        items = jax.random.choice(key_classes, params.classes, (self.length,), replace=False)
        classes = items[script.item]

        def draw(number, sense):
            # What is only seen is drawn the same as by whoever also reads and hears.
            key = jax.random.fold_in(key_faces, number) if number else key_faces
            return _draw_faces(key, items, script, sense)

        senses = enumerate(params.senses.items())
        faces = {name: draw(number, sense) for number, (name, sense) in senses}
        state = LifetimeState(jnp.int32(0), script, classes, faces, jnp.int32(0), jnp.float32(0))
        return self.observe(key, state, None, params), state

    def step_env(self, key, state, action, params):
        correct = (action == state.script.answer[state.time]) & state.script.question[state.time]
        reward = correct.astype(jnp.float32)
        state = state._replace(time=state.time + 1, action=action.astype(jnp.int32), reward=reward)
        step = self.timestep(state, params)
        info = {name: getattr(step, name) for name in ("boundary", "question", "oracle", "choices")}
        return self.observe(key, state, action, params), state, reward, jnp.bool_(False), info

    def observe(self, key, state, action, params):
        del key, action
        step = self.timestep(state, params)
        return {**step.observation, "present": step.present}

    def timestep(self, state, params) -> TimeStep:
        """Return the present step with its boundary code, and what a teacher would answer.

        The action and the reward of the step before are perceived if that step was a question.
        """
        script, now = state.script, state.time
        answered = (now > 0) & script.question[now - 1]
        question = script.question[now]
        met = {name: state.faces[name][now] for name in params.senses}
        observation = {
            **{n: x.forms[state.classes[now], met[n]] for n, x in params.senses.items()},
            "text": script.text[now],
            "vector": question.astype(jnp.float32)[None],
            "action": state.action,
            "reward": state.reward,
        }
        present = {
            **{name: script.senses[now, SENSES.index(name)] for name in params.senses},
            "text": jnp.any(script.text[now] != PAD),
            "vector": jnp.bool_(True),
            "action": answered,
            "reward": answered,
        }
        return TimeStep(
            observation, present, boundary=script.boundary[now], question=question,
            oracle=script.answer[now], choices=script.choices[now],
        )  # fmt: skip

    def is_truncated(self, state, params):
        return state.time >= self.length

    @property
    def num_actions(self):
        return self.words

    def action_space(self, params):
        return spaces.Discrete(self.words)

    def observation_space(self, params):
        modalities = {
            **{
                n: spaces.Box(0, 255, x.forms.shape[2:], jnp.uint8)
                for n, x in params.senses.items()
            },
            "text": spaces.Box(
                0, language.vocabulary(self.words) - 1, (language.LENGTH,), jnp.int32
            ),
            "vector": spaces.Box(0, 1, (1,), jnp.float32),
            "action": spaces.Discrete(self.words),
            "reward": spaces.Box(0, 1, (), jnp.float32),
        }
        present = spaces.Dict({name: spaces.Discrete(2) for name in modalities})
        return spaces.Dict({**modalities, "present": present})


def _measure(task):
    """Return the step at which the last episode of a task starts, and the number of all."""
    boundary = np.asarray(jax.jit(lambda key: task(key).boundary)(jax.random.key(0)))
    start = int(np.flatnonzero(boundary != NONE)[-1])
    if start == 0:
        raise UserError("a task takes two episodes or more: what the last one asks is scored")
    return start, boundary.size


def _padded(task, before, after):
    return task if before == after == 0 else lambda key: pad(task(key), before, after)


def _draw_faces(key, items, script, sense):
    """Draw the face of every step: one for study and another for asking, anew for each item."""
    key_study, key_ask = jax.random.split(key)
    study_logits = jnp.where(sense.study_faces[items], 0.0, -jnp.inf)
    studied = jax.random.categorical(key_study, study_logits)
    if sense.same:
        return studied[script.item]
    others = studied[:, None] != jnp.arange(study_logits.shape[-1])
    allowed = sense.ask_faces[items] & others
    asked = jax.random.categorical(key_ask, jnp.where(allowed, 0.0, -jnp.inf))
    return jnp.where(script.role == STUDY, studied[script.item], asked[script.item])
