"""Libraries of environments: what is lived in them is what they do when stepped by themselves."""

import sys
from types import SimpleNamespace

import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from memlearn.tasks import libraries, play
from memlearn.tasks.adapters import Adapted
from memlearn.types import EPISODE, NONE, UserError

BATCH, STEPS = 2, 30


def check_equal(foreign, reset, step, perceive):
    """Assert that what is lived with random actions is the same as by the library itself.

    Args:
      foreign: `Foreign`.
      reset, step, perceive: as of a `Foreign`, by calls of the library.

    Returns:
      how many episodes ended.
    """
    env, reset, step = Adapted(foreign, episodes=STEPS), jax.jit(reset), jax.jit(step)
    keys = jax.random.split(jax.random.key(1), BATCH)
    actions = jax.random.randint(jax.random.key(2), (BATCH, STEPS), 0, env.words)

    @jax.jit
    def live(keys):
        states = play.reset(env, (), keys)
        return play.play(env, (), states, lambda t, _: (t + 1, actions[:, t]), 0, STEPS)[2]

    record, ends = live(keys), 0
    for lifetime, key in enumerate(keys):
        key_start, key = jax.random.split(key)
        start = now = reset(key_start)
        for t in range(STEPS):
            for name, expected in perceive(now[0]).items():
                seen = record.steps.observation[name][lifetime, t]
                assert seen.dtype == expected.dtype
                np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-6)
            key, key_step = jax.random.split(key)
            *now, reward, over = step(key_step, now[1], actions[lifetime, t])
            np.testing.assert_allclose(record.rewards[lifetime, t], reward, rtol=1e-5)
            if t + 1 < STEPS:
                assert record.steps.boundary[lifetime, t + 1] == (EPISODE if over else NONE)
            now, ends = (start, ends + 1) if over else (now, ends)
    return ends


def of_xminigrid(env, params):
    """The reset and the step of an environment of xminigrid, by its own calls."""

    def reset(key):
        start = env.reset(params, jax.random.split(key)[1])
        return start.observation, start

    def step(key, state, action):
        state = env.step(params, state, action)
        return state.observation, state, state.reward, state.last()

    return reset, step


def hot(squares):
    """Two one-hot vectors for each of `[view, view, 2]`."""
    tiles = np.eye(13, dtype=np.float32)[squares[..., 0]]
    colours = np.eye(12, dtype=np.float32)[squares[..., 1]]
    return {"vector": np.concatenate([tiles.ravel(), colours.ravel()])}


def test_xminigrid_is_what_it_is():
    library = pytest.importorskip("xminigrid", reason="xminigrid is not installed")
    foreign = libraries.xminigrid("MiniGrid-MemoryS8", max_steps=12)
    assert (foreign.actions, foreign.most) == (6, 12)
    env, params = library.make("MiniGrid-MemoryS8", max_steps=12)
    assert check_equal(foreign, *of_xminigrid(env, params), hot) >= 2 * BATCH


def test_instances_of_xland_have_rules_of_a_benchmark(monkeypatch, tmp_path):
    library = pytest.importorskip("xminigrid", reason="xminigrid is not installed")
    name, held = "XLand-MiniGrid-R1-9x9", jnp.uint8([[3, 3, 1, 0, 0], [3, 4, 2, 0, 0]])
    benchmark = {
        "goals": held,  # to hold a red ball, or a green square
        "rules": jnp.zeros((2, 1, 7), jnp.uint8),
        "init_tiles": jnp.uint8([[[3, 1]], [[4, 2]]]),
        "num_rules": jnp.zeros(2, jnp.uint8),
    }
    monkeypatch.setattr(library.benchmarks, "DATA_PATH", str(tmp_path))
    library.benchmarks.save_bz2_pickle(benchmark, str(tmp_path / "trivial_21k"))
    foreign = libraries.xminigrid(name, benchmark="trivial-21k", view_size=3, max_steps=2)
    env = Adapted(foreign, 2)
    states = play.reset(env, (), jax.random.split(jax.random.key(0), 8))
    begun = states.inner[0].state
    which = np.asarray(begun.goal_encoding[:, 2]) - 1
    assert set(which) == {0, 1}, "instances differ"
    np.testing.assert_array_equal(begun.goal_encoding, held[which])
    laid = np.asarray(begun.grid)[..., 0]
    np.testing.assert_array_equal((laid == 3).sum((1, 2)), which == 0)
    np.testing.assert_array_equal((laid == 4).sum((1, 2)), which == 1)
    after = play.play(env, (), states, lambda t, _: (t, jnp.zeros(8, jnp.int32)), 0, 2)[0]
    np.testing.assert_array_equal(after.episode, 1)
    again = after.inner[0].state
    np.testing.assert_array_equal(again.goal_encoding, held[which])
    assert (again.grid != begun.grid).any((1, 2, 3)).all(), "things lie elsewhere"

    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(library.benchmarks.urllib.request, "urlretrieve", offline)
    with pytest.raises(UserError, match="could not download small-1m: no network"):
        libraries.xminigrid(name, benchmark="small-1m")


def test_xminigrid_is_seen_as_an_image(monkeypatch, tmp_path):
    library = pytest.importorskip("xminigrid", reason="xminigrid is not installed")
    # Tiles that are quickly drawn, instead of those that xminigrid keeps in the user's folder.
    tiles = np.random.default_rng(0).integers(0, 256, (2, 13 * 12, 32, 32, 3), np.uint8)
    kept = dict(zip(("tile_cache", "tile_agent_cache"), jnp.asarray(tiles)))
    library.benchmarks.save_bz2_pickle(kept, str(tmp_path / "render_cache"))
    monkeypatch.setenv("XLAND_MINIGRID_CACHE", str(tmp_path))
    monkeypatch.delitem(sys.modules, "xminigrid.experimental.img_obs", raising=False)
    foreign = libraries.xminigrid("MiniGrid-MemoryS8", rgb=True)
    drawn = sys.modules.pop("xminigrid.experimental.img_obs")
    env, params = library.make("MiniGrid-MemoryS8")
    reset, step = of_xminigrid(drawn.RGBImgObservationWrapper(env), params)
    check_equal(foreign, reset, step, lambda image: {"image": image})
    assert reset(jax.random.key(0))[0].shape == (96, 96, 3)


def test_arcade_is_what_it_is():
    library = pytest.importorskip(
        "popgym_arcade.registration", reason="popgym_arcade is not installed"
    )
    foreign = libraries.arcade("SkittlesEasy", partial_obs=True)
    assert (foreign.actions, foreign.most) == (5, 101)
    env, params = library.make("SkittlesEasy", partial_obs=True)
    env.is_terminated = env.is_terminal  # it does not know gymnax 1.0

    def step(key, state, action):
        return env.step_env(key, state, action, params)[:4]

    ends = check_equal(
        foreign, lambda key: env.reset(key, params), step, lambda image: {"image": image}
    )
    assert ends > 0


def test_craftax_is_what_it_is():
    library = pytest.importorskip("craftax.craftax_env", reason="craftax is not installed")
    name = "Craftax-Classic-Symbolic-v1"
    foreign = libraries.craftax(name, max_timesteps=12)
    assert (foreign.actions, foreign.most) == (17, 12)
    env = library.make_craftax_env_from_name(name, auto_reset=False)
    params = env.default_params.replace(max_timesteps=12)

    def step(key, state, action):
        return env.step(key, state, action, params)[:4]

    ends = check_equal(foreign, lambda key: env.reset(key, params), step, lambda x: {"vector": x})
    assert ends == 2 * BATCH


@pytest.mark.parametrize(("side", "padded"), [((130, 110), (160, 128)), ((63, 63), (64, 64))])
def test_images_of_craftax_are_of_whole_squares(side, padded):
    pixels = np.random.default_rng(0).integers(0, 256, (*side, 3))
    image = libraries._as_padded_image(jnp.float32(pixels / 255))["image"]
    assert (image.shape, image.dtype) == ((*padded, 3), jnp.uint8)
    np.testing.assert_array_equal(image[: side[0], : side[1]], pixels)
    assert image[side[0] :].sum() + image[:, side[1] :].sum() == 0


@pytest.mark.parametrize(
    ("library", "name", "package", "how"),
    [
        ("xminigrid", "MiniGrid-MemoryS8", "xminigrid", "pip install -e '.[envs]'"),
        ("arcade", "NavigatorEasy", "popgym_arcade", "--no-deps popgym-arcade==0.0.7"),
        ("craftax", "Craftax-Symbolic-v1", "craftax", "pip install -e '.[envs]'"),
    ],
)
def test_what_is_not_installed_is_one_line(monkeypatch, library, name, package, how):
    for module in [module for module in sys.modules if module.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError) as error:
        libraries.LIBRARIES[library](name)
    assert package in str(error.value) and str(error.value).endswith(how)
    assert "\n" not in str(error.value)


@flax.struct.dataclass
class Params:
    """The parameters of an environment of nobody."""

    limit: int = 3


@flax.struct.dataclass
class Rules(Params):
    """... whose instances have rules."""

    ruleset: int = 0


@pytest.fixture
def hollow(monkeypatch):
    """Libraries of the same names, of which there is as much as is looked at before a mistake."""
    modules = {
        "xminigrid": SimpleNamespace(
            registered_environments=lambda: ("MiniGrid-A", "XLand-B"),
            registered_benchmarks=lambda: ("small",),
            make=lambda name: (None, Rules() if name == "XLand-B" else Params()),
        ),
        "popgym_arcade.registration": SimpleNamespace(REGISTERED_ENVIRONMENTS=["A", "B"]),
        "craftax.craftax_env": SimpleNamespace(
            make_craftax_env_from_name=lambda *_, **__: SimpleNamespace(default_params=Params())
        ),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize(
    ("library", "name", "settings", "complaint"),
    [
        ("xminigrid", "Chess", {}, "xminigrid has no 'Chess'; it has: MiniGrid-A, XLand-B"),
        ("xminigrid", "MiniGrid-A", {"x": 1}, "no parameter is called 'x'; there are: limit"),
        ("xminigrid", "MiniGrid-A", {"benchmark": "small"}, "no parameter is called 'benchmark'"),
        ("xminigrid", "XLand-B", {}, "XLand takes a benchmark, of small; see --config.env_params"),
        ("arcade", "Chess", {}, "popgym_arcade has no 'Chess'; it has: A, B"),
        ("arcade", "A", {"x": 1}, "no parameter is called 'x'; there are: partial_obs, obs_size"),
        ("craftax", "Chess", {}, "craftax has no 'Chess'; it has: Craftax-Symbolic-v1, "),
        ("craftax", "Craftax-Symbolic-v1", {"x": 1}, "no parameter is called 'x'; there are: limi"),
    ],
)
def test_what_there_is_not_is_one_line(hollow, library, name, settings, complaint):
    with pytest.raises(UserError) as error:
        libraries.LIBRARIES[library](name, **settings)
    assert complaint in str(error.value) and "\n" not in str(error.value)
