"""Checkpoints: what is saved comes back to the bit, and damage is reported."""

import chex
import jax
import jax.numpy as jnp
import pytest

from memlearn.learning.state import TrainState
from memlearn.training.checkpoint import Checkpoints
from memlearn.types import UserError


def state(step):
    params = {"weights": jax.random.normal(jax.random.key(step), (64, 64))}
    moments = (jnp.ones(3) * step, ())
    return TrainState(params, moments, jax.random.key(7), jnp.int32(step))


def save(folder, *steps):
    checkpoints = Checkpoints(folder)
    for step in steps:
        checkpoints.save(step, state(step))
    checkpoints.close()


def plain(tree):
    return tree._replace(key=jax.random.key_data(tree.key))


def test_the_last_state_comes_back(tmp_path):
    save(tmp_path, 1, 2, 3)
    restored = Checkpoints(tmp_path).restore(like=state(0))
    chex.assert_trees_all_equal(plain(restored), plain(state(3)))


def test_none_is_reported(tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    assert checkpoints.latest() is None
    with pytest.raises(UserError, match=r"there is no checkpoint in .*; train first"):
        checkpoints.restore(like=state(0))


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_damage_is_reported_and_the_step_before_is_left(tmp_path, damage):
    save(tmp_path, 1, 2)
    files = [path for path in (tmp_path / "2").rglob("*") if path.is_file()]
    largest = max(files, key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0xFF
        largest.write_bytes(content)
    elif damage == "truncate":
        largest.write_bytes(content[: len(content) // 2])
    else:
        largest.unlink()
    with pytest.raises(UserError, match=r"is damaged, .*; move that folder away"):
        Checkpoints(tmp_path).restore(like=state(0))
    assert largest.exists() or damage == "remove"

    for path in sorted((tmp_path / "2").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "2").rmdir()
    assert int(Checkpoints(tmp_path).restore(like=state(0)).step) == 1


def test_another_structure_is_reported(tmp_path):
    save(tmp_path, 1)
    other = state(0)._replace(params={"weights": jnp.ones((3, 3))})
    with pytest.raises(UserError, match="written by other code"):
        Checkpoints(tmp_path).restore(like=other)
