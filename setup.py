"""The package; what it needs, and why."""

import pathlib

from setuptools import find_packages, setup

REQUIRES = [
    "jax>=0.10,<0.12",  # arrays, gradients, devices
    "flax>=0.12",  # linen: modules with explicit state
    "optax>=0.2.6",  # optimizers and schedules
    "orbax-checkpoint>=0.11.30",  # asynchronous checkpoints that survive a kill
    "chex>=0.1.90",  # shape and dtype checks at the entry of ops
    "gymnax>=1.0",  # the convention of environments, and their spaces
    "tensorflow-datasets>=4.9.9",  # data sets, without TensorFlow
    "array_record>=0.8",  # the file format of our data sets
    "importlib_resources>=6",  # TFDS imports it without asking for it
    "grain>=0.2.12",  # batches of what was recorded, ready before they are needed
    "ml_collections>=1.0",  # configurations
    "absl-py>=2.1",  # command-line flags
    "matplotlib>=3.9",  # pictures, and the fonts that `glyphs` is drawn from
    "fonttools>=4.50",  # which characters a font has
    "pillow>=10.3",  # drawing and encoding them
    "resvg-py==0.5.0",  # drawing `emoji`; pinned, so that everyone has the same images
    "scipy>=1.15",  # blurring, connected classes; intervals
    "rich>=13.7",  # progress bars and tables
    "pyyaml>=6",  # manifests for Kubernetes
]

EXTRAS = {
    # ruff is pinned, since each release formats a little differently.
    "test": [
        "pytest>=8",
        "pytest-cov>=5",
        "pytest-xdist>=3.6",
        "ruff==0.17.6",
        "popgym==1.0.7",  # its games, in NumPy, which ours must equal step by step
        "tensorboardX",
        "espeakng-loader==0.2.4",
        "submitit>=1.5",
        "kubernetes-validate>=1.31",  # the schemas of Kubernetes
    ],
    "tensorboard": ["tensorboardX>=2.6.2"],  # writes events without TensorFlow
    # GPL-3.0, and so an extra, which tests use; pinned, so that all hear the same.
    "speech": ["espeakng-loader==0.2.4"],
    "memax": ["memax[equinox]>=0.1.1"],  # other people's memories, to compare with
    # Environments of others, pinned: what is won in them depends on their rules. popgym-arcade is
    # not here, since it asks for a package that puts another gymnax in the place of ours; what else
    # it asks for is. It is installed after these: pip install --no-deps popgym-arcade==0.0.7
    "envs": [
        "xminigrid==0.9.3",  # MiniGrid, whose instances differ; XLand, rules to be found out
        "craftax==1.6.1",  # a large world, of which little is in view
        "dm_pix==0.4.5",  # by which popgym-arcade draws
        "jaxtyping>=0.3",  # ... and says what is an array
    ],
    "slurm": ["submitit>=1.5"],  # jobs of a cluster, and what to do when they are preempted
    "tfds": ["tensorflow>=2.16"],  # most data sets of TFDS need it to be prepared, none to be read
    "cuda": ["jax[cuda13]>=0.10,<0.12"],
    "tpu": ["jax[tpu]>=0.10,<0.12"],
}

setup(
    name="memlearn",
    version="0.1.0",
    description="External memory whose slots, keys and routing are learned, in JAX",
    long_description=pathlib.Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["memlearn*"]),
    install_requires=REQUIRES,
    extras_require=EXTRAS,
)
