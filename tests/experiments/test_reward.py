"""Learning from reward by the commands: it can be cut off, and what cannot be is said."""

import json
import time

import chex
import jax
import pytest
from PIL import Image

from experiments import courses, trained
from memlearn import build, checks
from memlearn.training import metrics
from memlearn.types import UserError
from tests.commands import Running, call, command, training
from tests.worlds import small_config

PPO = "--config.learner=ppo", "--config.ppo.window=4", "--config.updates=6"
GRU = "--config.memory.kind=gru"  # compiles in less time
LIVES = *PPO, "--config.chapters=2", GRU


def state(workdir):
    restored = trained.restore(*trained.find(workdir))
    return jax.tree.map(jax.random.key_data, restored.key), restored._replace(key=())


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data_dir):
    """The workdir of a run that was never interrupted."""
    workdir = tmp_path_factory.mktemp("runs") / "whole"
    run = call(training(workdir, data_dir, *LIVES))
    assert run.returncode == 0, run.stderr
    return workdir


def test_cut_off_in_the_middle_of_lifetimes_it_ends_the_same_to_the_bit(whole, tmp_path, data_dir):
    workdir = tmp_path / "cut"
    process = Running(training(workdir, data_dir, *LIVES))
    while process.poll() is None and not (workdir / "checkpoints" / "4").exists():
        time.sleep(0.001)
    process.kill()
    process.wait()
    again = call(training(workdir, data_dir, *LIVES))
    assert again.returncode == 0, again.stderr
    chex.assert_trees_all_equal(state(workdir), state(whole))
    steps = [line["step"] for line in metrics.read(workdir) if "loss" in line]
    assert steps == list(range(1, 7))


def test_a_run_begins_where_another_ended(whole, data_dir, capsys):
    """What only one of them has begins anew, and only that."""
    known = state(whole)[1].params["params"]
    _, config = trained.find(whole)
    config.ppo.predicts, config.memory.layers = "past", 2

    def begun():
        course = courses.course(config, build.policy(config), build.optimizer(config))
        return trained.warmed(course, whole).begin(jax.random.key(9)).params["params"]

    params = begun()
    assert set(params) - set(known) == {"predictions", "memories_1", "LayerNorm_1"}
    chex.assert_trees_all_equal({name: params[name] for name in known}, known)
    said = capsys.readouterr().err.splitlines()
    anew = f"is not in {whole}, and begins anew"
    assert said == [f"{part} {anew}" for part in ("LayerNorm_1", "memories_1", "predictions")]
    config.width = 24
    with pytest.raises(UserError, match=r"has the shape \(.*, and in .*; give both runs the same"):
        begun()


def test_an_environment_of_others_from_training_to_evaluation(tmp_path, data_dir):
    chain = "--config.task=gymnax:MemoryChain-bsuite", "--config.episodes=2"
    short = '--config.env_params=(("memory_length",2),("max_steps_in_episode",3))'
    run = call(training(tmp_path / "chain", data_dir, *PPO, *chain, short, GRU))
    assert run.returncode == 0, run.stderr
    evaluate = command("evaluate", f"--checkpoint={tmp_path / 'chain'}", "--json", "--lifetimes=8")
    run = call(evaluate)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["task"] == "gymnax:MemoryChain-bsuite" and found["step"] == 6
    for name in ("all", "first", "last"):
        assert list(found[name]) == ["score", "low", "high", "empty", "chance"]
        assert -1 <= found[name]["low"] <= found[name]["score"] <= found[name]["high"] <= 1
    assert (tmp_path / "chain" / "curves.png").stat().st_size > 1000
    run = call(command("film", f"--checkpoint={tmp_path / 'chain'}", f"--out={tmp_path / 'a.gif'}"))
    assert run.returncode == 0, run.stderr
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 2 * 3, "episodes, steps"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"ppo.window": 99}, "ppo.window must be at most 7, the steps of a lifetime, or 0"),
        ({"ppo.minibatches": 3}, "a batch of 8 cannot be divided into 3 minibatches"),
        ({"ppo.window": 4, "ppo.burn_in": 4}, "ppo.burn_in must be less than the 4 steps"),
        ({"nested": True}, "nested, sense_dropout and turn are for imitation"),
        ({"easier": (0.5, 0.25)}, "easier must be rising parts of 1, such as"),
        ({"easier": (0.5,)}, "easier levels are left behind by easier_until, from 1 to 1999"),
        ({"task": "popgym:RepeatFirstEasy", "later": ("rule",)}, "easier and later are for tasks"),
        ({"task": "popgym:RepeatFirstEasy", "ppo.within": 0.0}, "by their own reward alone"),
        ({"ppo.entropy_weights": (0.1,)}, "ppo.entropy_weights must be two, of at least 0; got"),
        ({"ppo.entropy_weights": ("a", "b")}, "ppo.entropy_weights must be two, of at least 0"),
        ({"ppo.prediction_weight": -1.0}, "ppo.prediction_weight must be at least 0; got -1.0"),
        ({"ppo.burn_in": 2}, "a lifetime of 7 steps begins where a window does"),
        ({"ppo.window": 1, "ppo.predicts": "next"}, "next takes a window of 2 steps"),
        ({"learner": "sarsa"}, "no learner is called 'sarsa'; there are: imitation, ppo"),
        ({"experience.folder": "recorded"}, "what was recorded can only be imitated"),
        ({"task": "recorded"}, "name the folder of what was recorded"),
    ],
)
def test_what_cannot_be_is_one_line(data_dir, fields, complaint):
    config = small_config()
    config.learner, config.data_dir = "ppo", str(data_dir)
    config.update_from_flattened_dict(fields)
    with pytest.raises(UserError, match=complaint):
        checks.check(config)
        courses.course(config, policy=None, optimizer=None)
