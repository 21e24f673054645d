"""The other forms of the slot op against the scan that defines it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AbstractDevice, AbstractMesh, use_abstract_mesh

from memlearn.ops.slots import chunk, scan, step
from memlearn.ops.slots.pallas import pallas

B, N, K, V = 2, 5, 3, 4
RESETS = (0.0, 0.1, 1.0)  # how often: never, at random, at every step
COMPILER = {"xla_backend_optimization_level": 0}  # compiling takes far longer than running here


def draw(time, erase=True, bias=True, resets=0.1, slots_written=N, gates=1.0):
    """Random arguments of the op in float64, as a dict; what is erased is what a write replaces."""
    rng = np.random.default_rng(time)
    keys = rng.normal(size=(B, time, K))
    w = rng.random((B, time, N))
    w = np.where(w >= -np.sort(-w)[..., slots_written - 1, None], w, 0)
    if erase:
        w /= np.sum(w, axis=-1, keepdims=True)  # so that erasing contracts
    return dict(
        q=rng.normal(size=(B, time, K)),
        k=keys / np.linalg.norm(keys, axis=-1, keepdims=True),
        v=rng.normal(size=(B, time, V)),
        w=w,
        g=gates * np.maximum(-np.abs(rng.normal(size=(B, time, N))), -5.0),
        resets=rng.random((B, time)) < resets,
        state=(rng.normal(size=(B, N, K)), rng.normal(size=(B, N, V))),
        init=(rng.normal(size=(N, K)), rng.normal(size=(1, N, V))),
        e=rng.random((B, time, 1)) * w if erase else None,
        bias=rng.normal(size=(B, time, N)) if bias else None,
    )


def cast(arguments, dtype):
    return {
        name: x if name == "resets" else jax.tree.map(lambda x: jnp.asarray(x, dtype), x)
        for name, x in arguments.items()
    }


def differentiated(op):
    """Return a function of the arguments: outputs, and gradients of a random functional of them."""

    @functools.partial(jax.jit, compiler_options=COMPILER)
    def run(resets, arguments):
        def functional(arguments):
            outputs = op(resets=resets, **arguments)
            rng = np.random.default_rng(0)
            weights = [rng.normal(size=x.shape) for x in jax.tree.leaves(outputs)]
            products = (jnp.vdot(x, y) for x, y in zip(jax.tree.leaves(outputs), weights))
            return sum(products), outputs

        gradients, outputs = jax.grad(functional, has_aux=True)(arguments)
        return dict(outputs=outputs, gradients=gradients)

    return lambda resets, **arguments: run(resets, arguments)


def assert_close(found, expected, tolerance):
    """Each array is right to `tolerance` times its largest element."""

    def check(path, x, y):
        assert x.shape == y.shape
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        error, scale = np.max(np.abs(x - y)), np.max(np.abs(y))
        # What is exactly 0 in one form may be a trace in another.
        assert error <= tolerance * scale + 1e-30, (
            f"{jax.tree_util.keystr(path)}: {error} of {scale}"
        )

    jax.tree_util.tree_map_with_path(check, found, expected)


def agree(form, time, erase, bias):
    """Compare a form with the scan, in double precision."""
    with jax.enable_x64(True):
        expected, found = differentiated(scan), differentiated(form)
        for resets in RESETS:
            for slots_written in (N, 2):
                arguments = draw(time, erase, bias, resets, slots_written)
                assert_close(found(**arguments), expected(**arguments), 1e-12)


@pytest.mark.parametrize(
    "time, size, erase, bias",
    [
        (1, 64, True, True),
        (2, 64, True, True),
        (63, 8, True, True),
        (64, 16, True, False),
        (65, 24, True, True),  # rounded up to 32
        (100, 1, True, True),
        (100, None, True, True),
        (257, 64, False, True),
    ],
)
def test_chunk_equals_the_scan_in_double_precision(time, size, erase, bias):
    agree(functools.partial(chunk, size=size), time, erase, bias)


@pytest.mark.parametrize("time, size, erase, bias", [(63, 16, False, False), (65, 32, True, True)])
def test_all_chunks_at_once_equal_the_scan(time, size, erase, bias):
    agree(functools.partial(chunk, size=size, all_at_once=True), time, erase, bias)


@pytest.mark.parametrize("erase, bias", [(True, True), (False, False)])
def test_step_equals_the_scan(erase, bias):
    agree(step, 1, erase, bias)


@pytest.mark.parametrize("time, size, erase, bias", [(9, 4, True, True), (17, 8, False, False)])
def test_the_kernel_equals_the_scan_when_interpreted(time, size, erase, bias):
    agree(functools.partial(pallas, size=size, interpret=True), time, erase, bias)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_the_kernel_and_its_gradient_compile_for_a_gpu(dtype):
    """As far as that goes without one: down to what Triton compiles."""
    arguments = cast(draw(20), dtype)

    def energy(arguments):
        return sum(jnp.sum(x) for x in jax.tree.leaves(pallas(**arguments)))

    gpu = AbstractDevice(device_kind="NVIDIA H200", num_cores=None, platform="gpu")
    with use_abstract_mesh(AbstractMesh((), (), abstract_device=gpu)):
        traced = jax.jit(jax.grad(energy, allow_int=True)).trace(arguments)
        assert "triton" in traced.lower(lowering_platforms=("cuda",)).as_text()


@pytest.mark.parametrize("all_at_once", [False, True])
@pytest.mark.parametrize("time, size, erase, bias", [(65, 16, False, False), (100, 64, True, True)])
def test_chunk_equals_the_scan_in_single_precision(time, size, erase, bias, all_at_once):
    exact = differentiated(scan)
    found = differentiated(functools.partial(chunk, size=size, all_at_once=all_at_once))
    for gates, tolerance in ((1.0, 5e-6), (20.0, 1e-4)):
        for resets in RESETS:
            arguments = cast(draw(time, erase, bias, resets, gates=gates), np.float32)
            with jax.enable_x64(True):
                expected = exact(**cast(arguments, np.float64))
            assert_close(found(**arguments), expected, tolerance)


@pytest.mark.parametrize("erase", [False, True])
def test_the_kernel_equals_the_scan_in_single_precision(erase):
    found = differentiated(functools.partial(pallas, size=16, interpret=True))
    for gates, tolerance in ((1.0, 5e-6), (20.0, 1e-4)):
        arguments = cast(draw(40, erase, gates=gates), np.float32)
        with jax.enable_x64(True):
            expected = differentiated(scan)(**cast(arguments, np.float64))
        assert_close(found(**arguments), expected, tolerance)


def test_the_kernel_refuses_what_its_decays_do_not_fit_into():
    with pytest.raises(AssertionError):
        pallas(**cast(draw(8), jnp.float16), interpret=True)


FORMS = {
    "one by one": functools.partial(chunk, size=4),
    "all at once": functools.partial(chunk, size=4, all_at_once=True),
    "kernel": functools.partial(pallas, size=2, interpret=True),
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@every_form
def test_extreme_arguments_stay_finite_and_right(form):
    usual = cast(draw(7), np.float32)
    some = np.arange(N) < 2
    extremes = [
        jax.tree.map(jnp.zeros_like, usual),
        usual | dict(w=jnp.zeros_like(usual["w"]), e=jnp.zeros_like(usual["e"])),
        usual | dict(g=jnp.full_like(usual["g"], -5.0)),
        usual | dict(g=jnp.full_like(usual["g"], -jnp.inf)),  # a slot keeps nothing
        usual | dict(bias=jnp.full_like(usual["bias"], -1e9)),
        usual | dict(bias=jnp.where(some, -jnp.inf, usual["bias"])),  # slots that are not read
    ]
    expected, found = differentiated(scan), differentiated(form)
    for arguments in extremes:
        results = found(**arguments)
        assert all(np.isfinite(x).all() for x in jax.tree.leaves(results))
        assert_close(results, expected(**arguments), 5e-6)


@every_form
def test_half_precision_keeps_its_dtype_and_comes_close(form):
    arguments = cast(draw(20), jnp.bfloat16)
    found, scanned = differentiated(form)(**arguments), differentiated(scan)(**arguments)
    expected = differentiated(scan)(**cast(arguments, np.float32))
    for result in (found, scanned):
        assert all(x.dtype == jnp.bfloat16 for x in jax.tree.leaves(result))
        assert_close(result["outputs"], expected["outputs"], 4 * float(jnp.finfo(jnp.bfloat16).eps))
        assert_close(result["gradients"], expected["gradients"], 0.1)


def test_a_step_in_half_precision_is_the_scan():
    arguments = cast(draw(1), jnp.bfloat16)
    jax.tree.map(np.testing.assert_array_equal, step(**arguments), scan(**arguments))


@every_form
def test_it_can_be_mapped(form):
    arguments = cast(draw(6), np.float32)
    doubled = jax.tree.map(lambda x: jnp.stack([x, x[::-1]]), arguments)
    mapped = jax.vmap(lambda arguments: form(**arguments))
    found = jax.jit(mapped, compiler_options=COMPILER)(doubled)
    for index in range(2):
        one = functools.partial(jax.tree.map, lambda x, index=index: x[index])
        assert_close(one(found), scan(**one(doubled)), 5e-6)


@pytest.mark.parametrize(
    "form, spoil",
    [
        (chunk, dict(size=0)),
        (chunk, dict(w=np.zeros((B, 8, N + 1)))),
        (chunk, dict(init=(np.zeros((N, K)), np.zeros((2, 1, N, V))))),
        (step, {}),
        (pallas, dict(size=0, interpret=True)),
        (pallas, dict(size=8)),  # too small for a GPU
    ],
)
def test_disagreeing_arguments_are_refused(form, spoil):
    with jax.enable_x64(True), pytest.raises(AssertionError):
        form(**(draw(8) | spoil))
