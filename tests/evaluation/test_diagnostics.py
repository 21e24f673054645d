"""What is measured of a memory's structure, against values worked out by hand."""

import json

import numpy as np
import pytest

from memlearn.evaluation import diagnostics, structure
from memlearn.memory.slot_memory import SlotTrace
from memlearn.tasks import language
from memlearn.tasks.play import Record
from memlearn.types import PAD, TimeStep


def record():
    """Two lifetimes of four steps: a name, nothing, another name or a mention, a question."""
    said = np.array(
        [
            [language.THIS_IS, PAD, language.THIS_IS, language.WHAT_IS_THIS],
            [language.THIS_IS, PAD, language.SOMEONE_SAID, language.WHAT_IS_THIS],
        ]
    )
    steps = TimeStep(
        observation={"text": np.stack([said, said], axis=-1)},
        present={"text": said != PAD, "action": np.zeros((2, 4), bool)},
        boundary=None, question=said == language.WHAT_IS_THIS, oracle=None, choices=None,
    )  # fmt: skip
    return Record(steps, actions=None, rewards=None)


def trace(**fields):
    """Two lifetimes of four steps, two banks of three slots and two sources; zeros if not given."""
    shapes = {"write": (2, 3), "read": (2, 3), "decay": (2, 3), "admission": ()}
    shapes |= {"key_sources": (2, 2), "query_sources": (2, 2)}
    zeros = {name: np.zeros((2, 4, *shapes.get(name, (2,)))) for name in SlotTrace._fields}
    return SlotTrace(**{**zeros, **fields})


def test_what_is_written_lives_until_less_than_half_of_it_is_left():
    write, decay = np.zeros((1, 6, 2, 2)), np.zeros((1, 6, 2, 2))
    write[0, 0, 0, 0], decay[0, 3, 0, 0] = 0.9, np.log(0.4)  # is overwritten after three steps
    write[0, 3, 0, 0] = 0.9  # ... by what lives on
    write[0, 1, 0, 1] = 0.4  # is not written whole
    write[0, 2, 1, 0], decay[0, :, 1, 0] = 0.6, np.log(0.8)  # .8^3 > 1/2 > .8^4: at the end there
    write[0, 1, 1, 1], decay[0, :, 1, 1] = 0.6, np.log(0.7)  # .7 > 1/2 > .7^2
    spans, died = diagnostics.lifespans(write, decay)
    assert [list(x) for x in spans] == [[3, 2], [2, 3]]
    assert [list(x) for x in died] == [[True, False], [True, False]]


def test_what_outlives_its_lifetime_counts_as_long_as_it_was_watched():
    # Kaplan and Meier: after 1 step 3/4 are alive; after 3, half of the two still watched.
    spans, died = np.array([1, 2, 3, 5]), np.array([True, False, True, False])
    found = diagnostics.lives(spans, died)
    assert found == {"writes": 4, "censored": 0.5, "quartiles": [1, 3, None]}
    found = diagnostics.lives(spans, np.ones(4, bool))
    assert found == {"writes": 4, "censored": 0.0, "quartiles": [1, 2, 3]}
    nothing = diagnostics.lives(spans[:0], died[:0])
    assert nothing == {"writes": 0, "censored": None, "quartiles": [None, None, None]}


@pytest.mark.parametrize(
    ("routes", "effective", "collapsed"),
    [
        ([1, 1, 1, 1], 4.0, False),
        ([0.5, 0.5, 0, 0], 2.0, False),
        ([0.9, 0.1], np.exp(-0.9 * np.log(0.9) - 0.1 * np.log(0.1)), True),
        ([0.3], 1.0, False),
    ],
)
def test_banks_that_take_part_in_effect(routes, effective, collapsed):
    found = diagnostics.balance(np.array(routes, float))
    np.testing.assert_allclose(found["shares"], np.array(routes) / sum(routes))
    np.testing.assert_allclose(found["effective_banks"], effective, atol=1e-4)
    assert found["collapsed"] == collapsed


def test_admission_and_routes_are_means_over_a_kind_of_step():
    admission = np.array([[0.9, 0.2, 0.8, 0.1], [0.7, 0.4, 0.3, 0.1]])
    write_banks = np.stack([admission, 1 - admission], axis=-1)
    found = diagnostics.routing(record().steps, trace(admission=admission, write_banks=write_banks))
    expected = {"all": 0.4375, "nothing said": 0.3, "is": 0.8, "(said)": 0.3, "this?": 0.1}
    expected |= {"with text": 2.9 / 6}
    for kind, mean in expected.items():
        np.testing.assert_allclose(found[kind]["admission"], mean, atol=1e-4)
        np.testing.assert_allclose(found[kind]["write_banks"], [mean, 1 - mean], atol=1e-4)
    assert [found[kind]["steps"] for kind in expected] == [8, 2, 3, 1, 2, 6]
    for kind in ("often?", "with action"):
        assert found[kind] == dict(
            steps=0, admission=None, open=None, write_banks=None, read_banks=None
        )


def test_a_layer_is_measured_and_drawn(tmp_path):
    write, sources = np.zeros((2, 4, 2, 3)), np.zeros((2, 4, 2, 2))
    write[0, 0, 0, 0] = write[0, 2, 0, 0] = write[0, 1, 0, 2] = write[1, 1, 0, 1] = 1.0
    sources[:, :3, 0, 0] = sources[:, 3, :, 1] = 1.0  # told: the first; asked: the second
    sources[:, 1] = 0.7  # where nothing is said
    banks = np.tile([1.0, 0.0], (2, 4, 1))
    seen = trace(write=write, key_sources=sources, write_banks=banks, read_banks=np.ones((2, 4, 2)))
    both = {"binding": seen, "order": seen._replace(write_banks=banks[..., ::-1])}
    records = dict.fromkeys(both, record())
    found = diagnostics.measure(records, both, ["image", "text"], state_bytes=600)
    assert json.loads(json.dumps(found)) == found
    assert (found["banks"], found["slots"], found["length"]) == (2, 3, 4)
    assert found["writes"] == found["reads"], "each task has a bank of its own"
    assert found["writes"] == dict(shares=[0.5, 0.5], effective_banks=2.0, collapsed=False)
    binding = found["tasks"]["binding"]
    assert binding["slots_used"] == [1.5, 0.0] and binding["state_bytes_used"] == 150.0
    assert binding["keys"] == {"told": [[1.0, 0.0], [0.0, 0.0]], "asked": [[0.0, 1.0]] * 2}
    assert [life["writes"] for life in binding["lives"]] == [4, 0]
    structure.draw(found, "a layer", tmp_path / "layer.png")
    assert (tmp_path / "layer.png").stat().st_size > 1000


def test_addresses_may_have_no_sources_but_all_sources_have_names(tmp_path):
    fused = trace(key_sources=None, query_sources=None, write_banks=np.ones((2, 4, 2)),
                  read_banks=np.ones((2, 4, 2)))  # fmt: skip
    found = diagnostics.measure({"order": record()}, {"order": fused}, [], state_bytes=8)
    assert found["tasks"]["order"]["keys"] is None
    structure.draw(found, "a layer", tmp_path / "layer.png")
    with pytest.raises(AssertionError):
        diagnostics.task(record(), trace(), ["image"], state_bytes=8)
