"""Small recorded data sets for tests: of the shape of Open X-Embodiment, and lifetimes of ours."""

import io
import json
import struct

import jax
import numpy as np
import tensorflow_datasets as tfds
from array_record.python.array_record_module import ArrayRecordReader
from PIL import Image

from memlearn.data.recorded import frames, rlds
from memlearn.data.recorded.mapping import Mapping
from memlearn.tasks import play
from tests.worlds import lessons

OPEN_X = Mapping(
    image="observation/image", name="", name_length=0, speech="",
    text="observation/natural_language_instruction", text_length=12,
    vector=("observation/state",), action=("action",), reward="reward", question="", oracle="",
    choices="", boundary="", present="",
)  # fmt: skip
LIFETIMES = Mapping(
    image="observation/image", name="", name_length=0, speech="",
    text="observation/text", text_length=0,
    vector=("observation/vector",), action=("action",), reward="reward", question="question",
    oracle="oracle", choices="choices", boundary="boundary", present="observation/present",
)  # fmt: skip
SENSES = LIFETIMES._replace(name="observation/name", speech="observation/speech")
LENGTHS = (4, 3, 6, 2, 5, 3, 4, 7, 3, 4)  # steps of each episode, the end included


def step(episode, t):
    """A step: an image of one color, in four quarters that differ by their red."""
    image = np.full((64, 96, 3), (0, 20 * episode, 10 * t), np.uint8)
    image[:32, :48, 0], image[:32, 48:, 0], image[32:, :48, 0] = 250, 150, 50
    png = io.BytesIO()
    Image.fromarray(image).save(png, format="png")
    return {
        "observation": {
            "image": png.getvalue(),
            "state": np.float32([episode, t]),
            "natural_language_instruction": f"pick up {episode}" if t else "",
        },
        "action": {"gripper": t % 2 == 0, "world_vector": np.float32([episode % 2, 0, 0])},
        "reward": float(t),
        **dict(is_first=t == 0, is_last=t == LENGTHS[episode] - 1, is_terminal=False),
    }


class OpenX(tfds.core.GeneratorBasedBuilder):
    """Two splits of episodes of the shape of Open X-Embodiment."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features
        observation = {
            "image": features.Image(shape=(64, 96, 3), encoding_format="png"),
            "state": features.Tensor(shape=(2,), dtype=np.float32),
            "natural_language_instruction": features.Text(),
        }
        world = features.Tensor(shape=(3,), dtype=np.float32)
        action = {"gripper": np.bool_, "world_vector": world}
        flags = dict.fromkeys(("is_first", "is_last", "is_terminal"), np.bool_)
        steps = {"observation": observation, "action": action, "reward": np.float32, **flags}
        described = {
            "steps": features.Dataset(steps),
            "episode_metadata": {"path": features.Text()},
        }
        return tfds.core.DatasetInfo(builder=self, features=features.FeaturesDict(described))

    def _split_generators(self, dl_manager):
        return {
            "train": self._generate_examples(range(7)),
            "val": self._generate_examples(range(7, 10)),
        }

    def _generate_examples(self, episodes):
        for episode in episodes:
            steps = [step(episode, t) for t in range(LENGTHS[episode])]
            yield episode, {"steps": steps, "episode_metadata": {"path": "somewhere"}}


def open_x(folder):
    """Write the data set as array_record; return where it is."""
    builder = OpenX(data_dir=folder, file_format="array_record")
    builder.download_and_prepare()
    return builder.data_path


def as_tfrecord(source, folder):
    """Write the same records again, as TFRecord without TensorFlow."""
    folder.mkdir()
    for path in source.iterdir():
        if "array_record" in path.name:
            reader = ArrayRecordReader(str(path))
            records = [reader.read([i])[0] for i in range(reader.num_records())]
            name = path.name.replace("array_record", "tfrecord")
            (folder / name).write_bytes(b"".join(map(framed, records)))
        else:
            (folder / path.name).write_text(path.read_text())
    info = json.loads((folder / "dataset_info.json").read_text())
    (folder / "dataset_info.json").write_text(json.dumps({**info, "fileFormat": "tfrecord"}))
    return folder


def framed(data):
    """A record of TFRecord."""
    head = struct.pack("<Q", len(data))
    sums = (struct.pack("<I", frames.masked_crc32c(x)) for x in (head, data))
    return b"".join(part for pair in zip((head, data), sums) for part in pair)


def lifetimes(folder, batches=3, **fields):
    """Write lifetimes of a teacher that tries, four a batch; return their `Record`s."""
    env, world, _ = lessons(**fields)

    @jax.jit
    def live(key):
        states = play.reset(env, world, jax.random.split(key, 4))
        carry = play.new_teacher(key, 4, env.words)
        return play.play(env, world, states, play.teacher(0.5), carry, env.length)[2]

    lived = [jax.device_get(live(jax.random.key(seed))) for seed in range(batches)]
    rlds.write(iter(lived), folder, "for a test", "free to use")
    return lived
