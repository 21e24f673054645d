"""Train an agent of memorax 1.0.1, which perceives events by encoders as ours have."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.core import FrozenDict
from gymnax.environments import spaces
from jax.flatten_util import ravel_pytree
from memorax.algorithms import PPO, PPOConfig
from memorax.networks import (
    FFN,
    RNN,
    FeatureExtractor,
    LRUCell,
    Memoroid,
    Network,
    PreNorm,
    Residual,
    S5Cell,
    SelfAttention,
    SHMCell,
    Stack,
    heads,
)

from benchmarks.peers.settings import Trained, steps_each, timed, window
from memlearn import build, worlds
from memlearn.encoders.fuse import EventEncoder
from memlearn.policy import Output
from memlearn.types import LIFETIME

HEADS = 4  # of attention, without positions: its ALiBi favours what is further away, and with its
# RoPE it acts by another function than it is trained by
SHM_SIDE = 64  # of its matrix
S5_STATE = 64  # as more take long to compile


def blocks(memory, width):
    """A memory in one layer of a transformer, as memorax puts those that are no cells."""
    return Stack((Residual(PreNorm(memory)), Residual(PreNorm(FFN(width)))))


# Name -> function of the width, the hidden width, and the steps of a lifetime.
MEMORIES = {
    "gru": lambda width, hidden, length: RNN(nn.GRUCell(hidden)),
    "lru": lambda width, hidden, length: blocks(Memoroid(LRUCell(width, hidden)), width),
    "s5": lambda width, hidden, length: blocks(Memoroid(S5Cell(width, S5_STATE)), width),
    "shm": lambda width, hidden, length: RNN(SHMCell(SHM_SIDE, width)),
    "attention": lambda width, hidden, length: blocks(
        SelfAttention(
            width, HEADS, 2 * length, dtype=jnp.float32, param_dtype=jnp.float32,
            kernel_init=nn.initializers.lecun_normal(), bias_init=nn.initializers.zeros,
        ),
        width,
    ),
}  # fmt: skip


class Perceive(nn.Module):
    """What an event is fused to, from one array of all that is observed.

    Attributes:
      encoder: from observations to events.
      unravel: function from the array of one step to its observation and what of it is present.
    """

    encoder: EventEncoder
    unravel: Callable

    def __call__(self, observed):
        return self.encoder(*jax.vmap(jax.vmap(self.unravel))(observed)).fused


class Lifetimes:
    """An environment of ours as memorax takes it: a new lifetime begins where one ends.

    Args:
      env: a `Lifetime`, or `Adapted`.
      world: its params.
    """

    def __init__(self, env, world):
        self.env, self.world = env, world

    def reset(self, key, params):
        state = self.env.reset_env(key, self.world)[1]
        return self.observe(state), state

    def step(self, key, state, action, params):
        after, reward = self.env.step_env(None, state, action, self.world)[1:3]
        over = self.env.is_truncated(after, self.world)
        anew = self.env.reset_env(key, self.world)[1]
        state = jax.tree.map(lambda x, y: jnp.where(over, x, y), anew, after)
        return self.observe(state), state, reward, over, {}

    def observe(self, state):
        step = self.env.timestep(state, self.world)
        return ravel((step.observation, step.present))

    def action_space(self, params):
        return spaces.Discrete(self.env.words)


def ravel(observed):
    """All that is observed in a step, in one float vector."""
    return ravel_pytree(observed)[0]


class Answerer(NamedTuple):
    """An actor of memorax, to be called as a `MultimodalPolicy` is.

    Attributes:
      network: the actor.
      words: the number of actions.
    """

    network: Network
    words: int

    def initial_state(self, batch, share=1.0):
        del share  # it has no slots
        return self.network.initialize_carry((batch, None))

    def apply(self, params, state, steps):
        state, (said, _) = self.network.apply(params, **asked(state, steps))
        return state, Output(said.logits, jnp.zeros(steps.boundary.shape)), ()


def asked(state, steps):
    """Return what a network of memorax is called with, from a carry and a `TimeStep`."""
    new = steps.boundary == LIFETIME
    return dict(
        observation=jax.vmap(jax.vmap(ravel))((steps.observation, steps.present)),
        mask=new, done=new, initial_carry=state, action=steps.observation["action"],
        reward=steps.observation["reward"][..., None],
    )  # fmt: skip


def networks(config, env, world):
    """Return the actor and the critic of a configuration."""
    step = env.timestep(env.reset_env(jax.random.key(0), world)[1], world)
    unravel = ravel_pytree((step.observation, step.present))[1]
    perceive = Perceive(EventEncoder(config.width, FrozenDict(build.encoders(config))), unravel)
    memory = build.lookup(MEMORIES, config.memory.kind, "memory of memorax")
    torso = memory(config.width, config.memory.hidden, env.length)
    network = functools.partial(Network, FeatureExtractor(perceive), torso)
    return network(heads.Categorical(env.words)), network(heads.VNetwork())


def train(config):
    """Return the `Trained` agent of a configuration, whose `memory.kind` is one of `MEMORIES`."""
    env = build.environment(config)
    world = worlds.world(config, **worlds.SEEN)
    actor, critic = networks(config, env, world)
    optimizer = build.optimizer(config)
    agent = actor, critic, optimizer, optimizer
    ppo = PPO(ppo_config(config), Lifetimes(env, world), None, *agent)

    def update(state, step):
        return ppo.train(*state, steps_each(config))[:2]

    (_, state), speed = timed(config, update, ppo.init(jax.random.key(config.seed)))
    params = state.actor_params, state.critic_params
    carry = jax.tree.leaves(state.actor_carry)
    return Trained(
        Answerer(actor, env.words), state.actor_params, speed,
        parameters=sum(x.size for x in jax.tree.leaves(params)),
        state_bytes=sum(x.size * x.dtype.itemsize for x in carry) // config.batch,
    )  # fmt: skip


def ppo_config(config):
    """Return memorax's `PPOConfig`, as near to ours as it has it."""
    return PPOConfig(
        name=config.task, num_envs=config.batch, num_eval_envs=config.batch,
        num_steps=window(config), gamma=config.ppo.within, gae_lambda=config.ppo.decay,
        num_minibatches=config.ppo.minibatches, update_epochs=config.ppo.epochs,
        normalize_advantage=True, clip_coef=config.ppo.clip, clip_vloss=True,
        ent_coef=config.ppo.entropy_weights[0], vf_coef=config.value_weight,
    )  # fmt: skip
