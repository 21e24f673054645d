"""How a differentiable neural computer finds its places: the equations, free of parameters.

Graves et al., "Hybrid computing using a neural network with dynamic external memory", Nature 538,
2016; the sections named are those of its Methods. Useful by itself, for a memory with another
controller or other heads.

Any axes may lead (`...`); those that follow are N slots of V numbers and R read heads. A weighting
over slots is at least 0 and sums to at most 1; what is left of 1 is not written, or not read.
"""

import jax
import jax.numpy as jnp

from memlearn.memory.keys import unit

_SMALLEST_USAGE = 1e-6  # no product of usages is exactly zero, so that each keeps a gradient


def content_weights(memory, keys, strengths):
    """Weigh the slots by how alike they are to each key ("Content-based addressing").

        C[i] = softmax_i(strength * cosine(key, M[i]))

    Args:
      memory: M, float `[..., N, V]`.
      keys: float `[..., R, V]`; zero, like an empty slot, is equally unlike everything.
      strengths: float `[..., R]`; the greater, the sharper.

    Returns:
      weights that sum to 1, `[..., R, N]`.
    """
    cosine = jnp.einsum("...rv,...nv->...rn", unit(keys), unit(memory))
    return jax.nn.softmax(strengths[..., None] * cosine, axis=-1)


def usage_after(usage, write, read, free):
    """Count what was written as used, what was freed as not ("Dynamic memory allocation").

        psi = prod_r (1 - f[r] w_read[r])
        u'  = (u + w_write - u w_write) psi

    Args:
      usage: u, float in [0, 1] `[..., N]`.
      write, read: weights of the step before, float `[..., N]` and `[..., R, N]`.
      free: f, the free gate of each read head, float in [0, 1] `[..., R]`.

    Returns:
      usage in [0, 1], `[..., N]`.
    """
    retention = jnp.prod(1 - free[..., None] * read, axis=-2)
    return (usage + write - usage * write) * retention


def allocation(usage):
    """Weigh the slots by how free they are, the freest first ("Dynamic memory allocation").

        a[phi[j]] = (1 - u[phi[j]]) prod_{i < j} u[phi[i]],   phi = argsort(u)

    The order has no gradient. Of slots used equally, the first comes first.

    Args:
      usage: u, float in [0, 1] `[..., N]`.

    Returns:
      weights `[..., N]`; they sum to 1 - prod(u), which is 0 once every slot is used.
    """
    usage = _SMALLEST_USAGE + (1 - _SMALLEST_USAGE) * usage
    order = jnp.argsort(usage, axis=-1)
    ascending = jnp.take_along_axis(usage, order, axis=-1)
    up_to_here = jnp.cumprod(ascending, axis=-1)
    before = jnp.concatenate([jnp.ones_like(usage[..., :1]), up_to_here[..., :-1]], axis=-1)
    rank = jnp.argsort(order, axis=-1)
    return jnp.take_along_axis((1 - ascending) * before, rank, axis=-1)


def write_weights(content, allocated, allocate, write):
    """Write to a slot that is free or to one that is alike ("Write weighting").

        w = g_write (g_allocate a + (1 - g_allocate) c)

    Args:
      content, allocated: c and a, float `[..., N]`.
      allocate, write: gates, float in [0, 1] `[...]`.

    Returns:
      weights `[..., N]`.
    """
    allocate, write = allocate[..., None], write[..., None]
    return write * (allocate * allocated + (1 - allocate) * content)


def memory_after(memory, write, erase, add):
    """Erase from each slot, then add to it, as far as it is written ("Reading and writing").

        M'[i] = M[i] (1 - w[i] e) + w[i] v

    Args:
      memory: M, float `[..., N, V]`.
      write: w, float `[..., N]`.
      erase: e, float in [0, 1] `[..., V]`.
      add: v, float `[..., V]`.

    Returns:
      memory `[..., N, V]`.
    """
    write, erase, add = write[..., :, None], erase[..., None, :], add[..., None, :]
    return memory * (1 - write * erase) + write * add


def precedence_after(precedence, write):
    """Keep which slot was the last one written ("Temporal memory linkage").

        p' = (1 - sum_i w[i]) p + w

    Args:
      precedence, write: p and w, float `[..., N]`.

    Returns:
      weights `[..., N]`.
    """
    return (1 - write.sum(-1, keepdims=True)) * precedence + write


def link_after(link, precedence, write):
    """Link what is written to what was written last ("Temporal memory linkage").

        L'[i, j] = (1 - w[i] - w[j]) L[i, j] + w[i] p[j],   L'[i, i] = 0

    Args:
      link: L, float `[..., N, N]`; `L[i, j]` is how far slot i was written right after slot j.
      precedence: p before this write, float `[..., N]`.
      write: w, float `[..., N]`.

    Returns:
      link `[..., N, N]`, whose rows and columns each sum to at most 1.
    """
    to, since = write[..., :, None], write[..., None, :]
    linked = (1 - to - since) * link + to * precedence[..., None, :]
    return linked * (1 - jnp.eye(link.shape[-1], dtype=link.dtype))


def read_weights(link, read, content, modes):
    """Read what is alike, or what was written before or after the last read ("Read weighting").

        w'[r] = m[r, 0] L^T w[r] + m[r, 1] c[r] + m[r, 2] L w[r]

    Args:
      link: L, float `[..., N, N]`.
      read: w of the step before, float `[..., R, N]`.
      content: c, float `[..., R, N]`.
      modes: m (backward, content, forward), float `[..., R, 3]` that sums to 1.

    Returns:
      weights `[..., R, N]`.
    """
    backward = jnp.einsum("...ij,...ri->...rj", link, read)
    forward = jnp.einsum("...ij,...rj->...ri", link, read)
    ways = jnp.stack([backward, content, forward], axis=-2)
    return jnp.einsum("...rm,...rmn->...rn", modes, ways)
