"""Files of records: checksums are those of the standard, and what is damaged is not read."""

import numpy as np
import pytest

from memlearn.data.recorded import frames
from tests.recordings import framed


@pytest.mark.parametrize(
    ("data", "checksum"),
    [  # RFC 3720, B.4
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"", 0),
    ],
)
def test_checksums_of_the_standard(data, checksum):
    assert frames.crc32c(data) == checksum


@pytest.mark.parametrize("size", [1, 3, 251, 252, 253, 508, 509, 5000])
def test_blocks_beside_each_other_are_bytes_one_after_the_other(size):
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (frames.POLYNOMIAL if crc & 1 else 0)
    assert frames.crc32c(data) == crc ^ 0xFFFFFFFF


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "records"
    path.write_bytes(framed(b"first") + framed(b"second") + framed(b"third"))
    return path


def test_reading_begins_anywhere(file):
    assert list(frames.read(file, "tfrecord", 3)) == [b"first", b"second", b"third"]
    assert list(frames.read(file, "tfrecord", 3, first=2)) == [b"third"]


@pytest.mark.parametrize("place", [0, 9, 12, 18, 30])
def test_a_changed_byte_is_found(file, place):
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)
    with pytest.raises(frames.DamagedRecordError, match="does not match its checksum"):
        list(frames.read(file, "tfrecord", 3))


def test_a_file_that_was_cut_off_is_found(file):
    data = file.read_bytes()
    file.write_bytes(data[:-3])
    with pytest.raises(frames.DamagedRecordError, match="record 2 does not match its checksum"):
        list(frames.read(file, "tfrecord", 3))
    file.write_bytes(data[: len(framed(b"first"))])
    with pytest.raises(frames.DamagedRecordError, match="it has 1 records, and should have 3"):
        list(frames.read(file, "tfrecord", 3))
