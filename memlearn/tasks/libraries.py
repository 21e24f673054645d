"""Libraries of environments, and how each is adapted. They are loaded when they are asked for."""

import importlib

import jax
import jax.numpy as jnp

from memlearn.tasks import adapters
from memlearn.tasks import popgym as games
from memlearn.types import SIDE, UserError

ENVS = "pip install -e '.[envs]'"
# By itself: it asks for a package that would put another gymnax in the place of ours.
ARCADE = f"{ENVS} && pip install --no-deps popgym-arcade==0.0.7"
ARCADE_ACTIONS = 5  # of all games: AutoEncode says 4, but answers are confirmed by the fifth
CRAFTAX = (
    "Craftax-Symbolic-v1",
    "Craftax-Pixels-v1",
    "Craftax-Classic-Symbolic-v1",
    "Craftax-Classic-Pixels-v1",
)


def gymnax(name, **settings):
    """Return the `Foreign` of an environment of gymnax, such as `MemoryChain-bsuite`.

    Args:
      name: as gymnax has it.
      **settings: fields of its parameters, such as `memory_length`.
    """
    library = importlib.import_module("gymnax")
    _check_name("gymnax", name, library.registered_envs)
    env, params = library.make(name)
    params = _changed(params, settings)
    if not hasattr(env.action_space(params), "n"):
        raise UserError(f"{name} has continuous actions, and an agent says words")
    return adapters.of_gymnax(env, params)


def popgym(name, **settings):
    """Return the `Foreign` of one of POPGym's games of cards, such as `RepeatPreviousEasy`.

    Args:
      name: as POPGym has it.
      **settings: none.
    """
    _check_name("popgym", name, games.TASKS)
    _check_settings(settings, ())
    game = games.TASKS[name]
    return adapters.of_gymnax(game, game.default_params, lambda x: {"vector": game.vector(x)})


def xminigrid(name, rgb=False, **settings):
    """Return the `Foreign` of an environment of XLand-MiniGrid, such as `MiniGrid-MemoryS8`.

    A square in view, a tile and a colour, is perceived as two one-hot vectors.

    Args:
      name: as xminigrid has it.
      rgb: whether an image is perceived instead, 32 pixels a square; xminigrid draws its tiles when
        that is first asked for, in a minute.
      **settings: fields of its parameters, such as `view_size`; and of an `XLand-MiniGrid` a
        `benchmark`, such as `trivial-21k`, one of whose rulesets each instance has; in each of
        its episodes things lie elsewhere.
    """
    library = _load("xminigrid", ENVS)
    _check_name("xminigrid", name, library.registered_environments())
    env, params = library.make(name)
    varied = hasattr(params, "ruleset")
    rulesets = _rulesets(library, settings.pop("benchmark", "")) if varied else None
    params = _changed(params, settings)
    constants = importlib.import_module("xminigrid.core.constants")

    def begin(key_rules, key):
        rules = {"ruleset": rulesets.sample_ruleset(key_rules)} if varied else {}
        start = env.reset(params.replace(**rules), key)
        return start.observation, (start, key_rules)

    def reset(key):
        return begin(*jax.random.split(key))

    def step(key, state, action):
        now, key_rules = state
        now = env.step(params, now, action)  # its rules are part of it
        return now.observation, (now, key_rules), now.reward, now.last()

    def perceive(squares):
        tiles = jax.nn.one_hot(squares[..., 0], constants.NUM_TILES)
        return adapters.as_vector((tiles, jax.nn.one_hot(squares[..., 1], constants.NUM_COLORS)))

    if rgb:
        drawn = importlib.import_module("xminigrid.experimental.img_obs")
        env, perceive = drawn.RGBImgObservationWrapper(env), _as_image
    again = (lambda key, state: begin(state[1], key)) if varied else None
    actions = env.num_actions(params)
    return adapters.Foreign(reset, step, perceive, actions, params.max_steps, again)


def _rulesets(library, benchmark):
    """The rulesets of a benchmark of xminigrid, which downloads them."""
    names = library.registered_benchmarks()
    if benchmark not in names:
        raise UserError(f"XLand takes a benchmark, of {', '.join(names)}; see --config.env_params")
    try:
        return library.load_benchmark(benchmark)
    except OSError as error:
        raise UserError(f"xminigrid could not download {benchmark}: {error}") from error


def arcade(name, **settings):
    """Return the `Foreign` of a game of POPGym Arcade, such as `NavigatorEasy`; slow on a CPU.

    Args:
      name: as popgym_arcade has it.
      **settings: `partial_obs`, whether what is to be remembered is not shown; `obs_size`, pixels.
    """
    library = _load("popgym_arcade.registration", ARCADE)
    _check_name("popgym_arcade", name, library.REGISTERED_ENVIRONMENTS)
    _check_settings(settings, ("partial_obs", "obs_size"))
    env, params = library.make(name, **settings)
    env.is_terminated = env.is_terminal  # as gymnax calls it from 1.0 on; its games are older
    limits = ("max_steps_in_episode", "max_episode_length")
    # One more: some games look whether time is up before they count the step.
    most = 1 + next(getattr(env, limit) for limit in limits if hasattr(env, limit))
    return adapters.of_old_gymnax(env, params, _as_image, ARCADE_ACTIONS, most)


def craftax(name, **settings):
    """Return the `Foreign` of Craftax, such as `Craftax-Classic-Symbolic-v1`.

    Args:
      name: one of `CRAFTAX`.
      **settings: fields of its parameters, such as `max_timesteps`.
    """
    _check_name("craftax", name, CRAFTAX)
    library = _load("craftax.craftax_env", ENVS)
    # To make a world takes far longer than a step. What resets by itself makes one in every step,
    # to have it where an episode ends, and is far slower.
    env = library.make_craftax_env_from_name(name, auto_reset=False)
    params = _changed(env.default_params, settings)
    perceive = _as_padded_image if "Pixels" in name else adapters.as_vector
    return adapters.of_old_gymnax(env, params, perceive, env.num_actions, params.max_timesteps)


def _load(module, how):
    """A module of a library, or an error that says how it is installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(f"{error}; to install it: {how}") from error


def _check_name(library, name, names):
    if name not in names:
        raise UserError(f"{library} has no {name!r}; it has: {', '.join(names)}")


def _check_settings(settings, known):
    if unknown := [name for name in settings if name not in known]:
        there_are = ", ".join(known) or "none"
        raise UserError(f"no parameter is called {unknown[0]!r}; there are: {there_are}")


def _changed(params, settings):
    """Parameters, a flax dataclass, with some of their fields set."""
    _check_settings(settings, params.__dataclass_fields__)
    for name, value in settings.items():
        kind = type(getattr(params, name))
        fits = {int: int, float: int | float, bool: bool}
        if not isinstance(value, fits.get(kind, object)):
            raise UserError(f"{name} cannot be {value!r}; it is of type {kind.__name__}")
    return params.replace(**settings)


def _as_image(pixels):
    return {"image": pixels}


def _as_padded_image(pixels):
    """Pixels in [0, 1] as bytes, with black below and to the right up to multiples of `SIDE`.

    130 x 110 pixels, or 63 x 63, are not made of whole squares on all levels of a pyramid.
    """
    height, width, _ = pixels.shape
    image = jnp.round(255 * pixels).astype(jnp.uint8)
    return {"image": jnp.pad(image, ((0, -height % SIDE), (0, -width % SIDE), (0, 0)))}


# What stands before the colon of a task.
LIBRARIES = {
    "gymnax": gymnax,
    "popgym": popgym,
    "xminigrid": xminigrid,
    "arcade": arcade,
    "craftax": craftax,
}
