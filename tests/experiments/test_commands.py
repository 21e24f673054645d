"""The commands of the README, as a user runs them, on the real data at a small size."""

import json
import signal
import time

import chex
import jax
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from memlearn.training import metrics
from memlearn.training.checkpoint import Checkpoints
from tests.commands import UPDATES, Running, call, command, training
from tests.slow import SLOW, slow_values
from tests.worlds import small_run


def final_state(workdir):
    fields = dict(updates=UPDATES)
    restored = Checkpoints(workdir / "checkpoints").restore(like=small_run(**fields).state)
    return restored._replace(key=jax.random.key_data(restored.key))


def inode(path):
    """Which file it is: a run that goes on writes its metrics to another, whole at once."""
    return path.stat().st_ino if path.exists() else None


@pytest.fixture(scope="module")
def trained(tmp_path_factory, data_dir):
    """The workdir of a run that was never interrupted."""
    workdir = tmp_path_factory.mktemp("runs") / "whole"
    run = call(training(workdir, data_dir))
    assert run.returncode == 0, run.stderr
    return workdir


def test_a_run_leaves_its_record(trained):
    steps = [line["step"] for line in metrics.read(trained) if "loss" in line]
    assert steps == list(range(1, UPDATES + 1))
    held_out = [line["step"] for line in metrics.read(trained) if "heldout" in line]
    assert held_out == [6, 12, UPDATES]
    assert json.loads((trained / "config.json").read_text())["updates"] == UPDATES
    assert (trained / "commit.txt").read_text().strip()


def test_cut_off_again_and_again_it_ends_the_same_to_the_bit(trained, tmp_path, data_dir):
    workdir = tmp_path / "cut"
    # After 9 lines the first checkpoint is there, and the second is being written.
    for how, lines in ((signal.SIGKILL, 9), (signal.SIGINT, 12)):
        old = inode(workdir / "metrics.jsonl")
        process = Running(training(workdir, data_dir))
        while process.poll() is None and (
            inode(workdir / "metrics.jsonl") == old or len(metrics.read(workdir)) < lines
        ):
            time.sleep(0.001)
        process.send_signal(how)
        message = process.communicate(timeout=120)[1]
        if how == signal.SIGINT:
            assert process.returncode == 130 and "give the same command again to go on" in message
        else:
            assert process.returncode == -signal.SIGKILL
        resumed = Checkpoints(workdir / "checkpoints").latest()
        assert 0 < resumed < UPDATES, "it was cut in the middle"
    before = [line for line in metrics.read(workdir) if line["step"] <= resumed]
    again = call(training(workdir, data_dir))
    assert again.returncode == 0, again.stderr
    assert metrics.read(workdir)[: len(before)] == before, "what was done is not done again"
    chex.assert_trees_all_equal(final_state(workdir), final_state(trained))
    steps = [line["step"] for line in metrics.read(workdir) if "loss" in line]
    assert steps == list(range(1, UPDATES + 1)), "no line is missing, none is there twice"


def test_evaluate_prints_one_object_and_draws_pictures(trained):
    run = call(command("evaluate", f"--checkpoint={trained}", "--lifetimes=8", "--json"))
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["task"] == "binding" and report["step"] == UPDATES
    rows = [report["seen"], report["heldout"], *report["extrapolation"].values()]
    assert len(rows) == 4
    for row in rows:
        assert set(row) == {"score", "low", "high", "empty", "other", "chance"}
        assert 0 <= row["low"] <= row["score"] <= row["high"] <= 1
    assert "twice the classes" in run.stderr
    for name in ("curves.png", "lifetime-binding.png"):
        assert (trained / name).stat().st_size > 1000
        assert str(trained / name) in run.stderr


def test_diagnose_prints_one_object_and_draws_each_layer(trained):
    run = call(command("diagnose", f"--checkpoint={trained}", "--lifetimes=4", "--json"))
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found == json.loads((trained / "structure.json").read_text())
    assert (found["task"], found["step"], found["lifetimes"]) == ("binding", UPDATES, 4)
    right = found["answered"]["binding"]
    assert 0 <= right["whole"] <= 1 and len(right["without"]) == 1
    (layer,) = found["layers"]
    assert (layer["layer"], layer["banks"], layer["slots"]) == (0, 2, 8)
    assert 1 <= layer["reads"]["effective_banks"] <= 2
    learned = layer["tasks"]["binding"]
    assert learned["routing"]["this?"]["steps"] == 3 * 4, "classes, lifetimes"
    for weights in (*learned["keys"]["told"], *learned["queries"]["asked"]):
        assert len(weights) == len(layer["sources"]) and abs(sum(weights) - 1) < 1e-2
    assert (trained / "structure-layer0.png").stat().st_size > 1000


@SLOW
def test_every_layer_is_shown(tmp_path, data_dir):
    run = call(training(tmp_path / "two", data_dir, "--config.memory.layers=2"))
    assert run.returncode == 0, run.stderr
    checkpoint = f"--checkpoint={tmp_path / 'two'}"
    for name, asked in (
        ("evaluate", "--lifetimes=4"), ("diagnose", "--lifetimes=4"), ("film", "--layer=1"),
    ):  # fmt: skip
        run = call(command(name, checkpoint, asked))
        assert run.returncode == 0, run.stderr
    found = json.loads((tmp_path / "two" / "structure.json").read_text())
    assert len(found["layers"]) == len(found["answered"]["binding"]["without"]) == 2
    for picture in (
        "lifetime-binding.png", "lifetime-binding-layer1.png", "lifetime-binding-layer1.gif",
        "structure-layer0.png", "structure-layer1.png",
    ):  # fmt: skip
        assert (tmp_path / "two" / picture).stat().st_size > 1000


def test_film_shows_every_step_of_a_lifetime(trained):
    run = call(command("film", f"--checkpoint={trained}", "--lifetime=2"))
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["film", str(trained / "lifetime-binding.gif")]
    run_of_none = call(command("film", f"--checkpoint={trained}", "--layer=1"))
    assert run_of_none.returncode == 2 and "less than the 1 of this" in run_of_none.stderr
    with Image.open(trained / "lifetime-binding.gif") as image:
        assert image.n_frames == 3 + 1 + 3, "names, delay, questions"


def test_endure_tells_of_every_stretch(trained):
    life = "--steps=40", "--lives=2", "--stretches=2"
    run = call(command("endure", f"--checkpoint={trained}", *life, "--json"))
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report == json.loads((trained / "endurance.json").read_text())
    assert [stretch["lived"] for stretch in report["stretches"]] == [21, 42]


@pytest.mark.parametrize("actor", ["agent", *slow_values("teacher")])
def test_record_writes_lifetimes(trained, tmp_path, actor):
    out = tmp_path / "recorded"
    arguments = f"--checkpoint={trained}", f"--out={out}", "--lifetimes=5", f"--actor={actor}"
    run = call(command("record", *arguments))
    assert run.returncode == 0, run.stderr
    builder = tfds.builder_from_directory(str(out))
    episodes = builder.as_data_source("train")
    assert len(episodes) == 5 and f"lived by the {actor}" in builder.info.description
    assert "Bitstream Vera" in builder.info.redistribution_info.license
    assert "3 'this?'" in builder.info.description
    assert sum(step["question"] for step in episodes[0]["steps"]) == 3


def test_what_was_recorded_is_not_written_over(trained, tmp_path):
    run = call(command("record", f"--checkpoint={trained}", f"--out={tmp_path}"))
    assert run.returncode == 2 and f"{tmp_path} exists already" in run.stderr


def test_a_memory_without_slots_has_no_structure_to_show(trained, tmp_path):
    config = json.loads((trained / "config.json").read_text())
    config["memory"]["kind"] = "gru"
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "checkpoints" / "4").mkdir(parents=True)
    run = call(command("diagnose", f"--checkpoint={tmp_path}"))
    assert run.returncode == 2 and "a memory 'gru' is of no design" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        (["--config.update=1"], 'Did you mean "updates"'),
        (
            ["--config=experiments/configs/mixture.py:big"],
            "no size is called 'big'; there are: cpu",
        ),
        (["--config.updates=many"], "updates"),
        (["--config.task=juggling"], "no task is called 'juggling'; there are: binding, rebinding"),
        (["stray"], "unexpected argument 'stray'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, data_dir, fields, complaint):
    run = call(training(tmp_path / "run", data_dir, *fields))
    assert run.returncode == 2
    assert complaint in run.stderr and len(run.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_workdir_of_another_config_is_refused(trained, data_dir):
    before = (trained / "config.json").read_bytes()
    run = call(training(trained, data_dir, "--config.seed=5"))
    assert run.returncode == 2 and "seed=0, not 5" in run.stderr
    assert (trained / "config.json").read_bytes() == before


@pytest.mark.parametrize("name", ["evaluate", "diagnose"])
def test_nothing_to_look_at_is_said(tmp_path, name):
    run = call(command(name, f"--checkpoint={tmp_path}", "--json"))
    assert run.returncode == 2 and run.stdout == ""
    assert "is not the workdir of a run" in run.stderr
    assert list(tmp_path.iterdir()) == []
