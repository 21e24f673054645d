"""Arrays that grow on disk: cut off, they go on from the last note."""

import numpy as np

from memlearn.data.recorded import blobs


def grow(folder, rows, note):
    with blobs.Blobs(folder) as growing:
        for row in rows:
            growing.append("image", np.full((1, 2, 3), row % 256, np.uint8))
            growing.append("reward", np.float32([row]))
            if row in note:
                growing.note()


def test_what_grew_is_a_file_of_numpy(tmp_path):
    grow(tmp_path, range(1200), note={1199})
    found = blobs.load(tmp_path)
    assert found["image"].shape == (1200, 2, 3) and found["image"].dtype == np.uint8
    np.testing.assert_array_equal(found["reward"], np.arange(1200, dtype=np.float32))
    np.testing.assert_array_equal(found["image"][:, 1, 2], np.arange(1200).astype(np.uint8))


def test_what_came_after_the_last_note_is_dropped(tmp_path):
    grow(tmp_path, range(9), note={4})
    assert blobs.Blobs(tmp_path).rows == {"image": 5, "reward": 5}
    grow(tmp_path, range(5, 8), note={7})
    found = blobs.load(tmp_path)
    np.testing.assert_array_equal(found["reward"], np.arange(8))
    np.testing.assert_array_equal(found["image"][:, 0, 0], np.arange(8))


def test_without_a_note_they_grow_anew(tmp_path):
    grow(tmp_path, range(3), note=set())
    grow(tmp_path, range(7, 9), note={8})
    np.testing.assert_array_equal(blobs.load(tmp_path)["reward"], [7, 8])


def test_what_is_finished_is_not_added_to(tmp_path):
    with blobs.Blobs(tmp_path) as growing:
        growing.append("reward", np.float32([1, 2]))
        growing.note()
        growing.append("reward", np.float32([3]))
        growing.finish()
    np.testing.assert_array_equal(blobs.load(tmp_path)["reward"], [1, 2, 3])
    assert blobs.Blobs(tmp_path).rows == {}
