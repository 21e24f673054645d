"""Agents side by side: all are run once and put into tables; and memorax's act as they train."""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.peers import report, settings
from memlearn import build
from memlearn.tasks.play import play, reset
from tests.commands import call

TASK = "popgym:RepeatPreviousEasy"
SCORES = dict(score=0.5, low=0.4, high=0.6, empty=0.0, chance=-0.5)


@pytest.fixture
def peers(tmp_path):
    """What stands for the Python that has memorax, and leaves a line for each call."""
    said = dict(heldout=SCORES, steps_per_second=100.0, parameters=7, state_bytes=8)
    script = f"""#!{sys.executable}
import json, sys
told = dict(argument[2:].split("=") for argument in sys.argv[3:])
with open({str(tmp_path / "calls")!r}, "a") as file:
    print(told, file=file)
print("something that memorax says")
about = dict(agent=told["agent"], task=told["task"], seed=int(told["seed"]))
about |= dict(asked=int(told["steps"]), steps=int(told["steps"]) or 9)
print(json.dumps({{**about, **{said}}}))
"""
    path = tmp_path / "python"
    path.write_text(script)
    path.chmod(0o755)
    return path


def compare(folder, *arguments):
    return call(["benchmarks.peers", f"--out={folder / 'peers'}", *arguments])


def test_every_agent_is_run_once(tmp_path, peers):
    arguments = f"--peers={peers}", f"--tasks={TASK}", "--agents=memorax gru,memorax lru"
    first = compare(tmp_path, *arguments, "--seeds=1")
    assert first.returncode == 0, first.stderr
    both = compare(tmp_path, *arguments, "--seeds=2")
    assert both.returncode == 0, both.stderr
    assert len((tmp_path / "calls").read_text().splitlines()) == 4
    lines = [json.loads(x) for x in (tmp_path / "peers.jsonl").read_text().splitlines()]
    assert {(x["agent"], x["seed"]) for x in lines} == {
        ("memorax gru", 0), ("memorax lru", 0), ("memorax gru", 1), ("memorax lru", 1),
    }  # fmt: skip
    assert "| memorax lru " in both.stdout and "**0.500** ± 0.000" in both.stdout
    assert "| memorax lru |    2 |" in (tmp_path / "peers.md").read_text()
    few = compare(tmp_path, *arguments, "--seeds=1", "--steps=7")
    assert few.returncode == 0, few.stderr
    cells = (tmp_path / "peers.md").read_text().replace("|", " ").split()
    assert "7" in cells and "9" not in cells, "of as many steps"
    assert len((tmp_path / "peers.jsonl").read_text().splitlines()) == 6


def test_tasks_of_ours_and_of_others_have_tables_of_their_own_and_one_together():
    said = dict(agent="memorax gru", seed=0, heldout=SCORES, steps_per_second=1.0, steps=9)
    said |= dict(parameters=7, state_bytes=8)
    lines = [{**said, "task": task} for task in ("counting", TASK)]
    tables = report.of_lines(lines)
    (agent, runs, *means, speed, parameters, state_bytes) = tables[0].rows[0]
    assert (agent, runs, speed, parameters, state_bytes) == ("memorax gru", 2, 1, 7, 8)
    assert [mean.mean for mean in means] == [0.5, 0.5, 0.5]
    columns = {table.label: table.columns[1:] for table in tables[1:-1]}
    assert columns == {
        "peers-tasks": ("counting",), "peers-cards": (TASK,),
        "peers-all": ("counting", TASK, "mean"),
    }  # fmt: skip


def test_a_missing_python_is_one_line(tmp_path):
    ended = compare(tmp_path, "--peers=nowhere", f"--tasks={TASK}", "--agents=memorax gru")
    assert ended.returncode == 2
    complaint = "error: there is no nowhere with memorax; `make peers` installs it"
    assert ended.stderr.strip() == complaint


@pytest.mark.parametrize("task", [*settings.SUITE, *settings.CARDS])
def test_every_task_can_be_run(task):
    config = settings.configure(task, "clock", seed=0)
    assert build.environment(config).words <= config.words
    assert config.updates * settings.steps_each(config) > 90_000
    assert settings.configure(task, "gru", seed=0, steps=1).updates == 2


@pytest.mark.parametrize("memory", ["gru", "lru", "s5", "shm", "attention"])
def test_memorax_acts_as_it_trains(memory):
    pytest.importorskip("memorax", reason="installed and run by make peers")
    from benchmarks.peers import theirs

    config = settings.configure(TASK, memory, seed=0)
    env, keys = build.environment(config), jax.random.split(jax.random.key(0), 2)
    actor, _ = theirs.networks(config, env, ())
    agent, before = theirs.Answerer(actor, env.words), actor.initialize_carry((2, None))
    lifetimes = reset(env, (), keys)
    first = jax.vmap(env.timestep, in_axes=(0, None))(lifetimes, ())
    first = jax.tree.map(lambda x: x[:, None], first)
    params = actor.init(jax.random.key(1), **theirs.asked(before, first))

    def act(carry, steps):
        state, logits, now = carry
        state, output, _ = agent.apply(params, state, steps)
        logits = logits.at[:, now].set(output.logits[:, 0])
        return (state, logits, now + 1), jnp.argmax(output.logits[:, 0], axis=-1)

    carry = before, jnp.zeros((2, env.length, env.words)), 0
    _, (_, acted, _), record = play(env, (), lifetimes, act, carry, env.length)
    trained = agent.apply(params, before, record.steps)[1].logits
    np.testing.assert_allclose(trained, acted, rtol=1e-4, atol=1e-5)
