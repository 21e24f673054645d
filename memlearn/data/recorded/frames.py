"""Files of records, array_record and TFRecord, read without TensorFlow and checked on the way.

A record of TFRecord is the length of its data, 8 bytes, a checksum of these, the data, and a
checksum of them: CRC-32C, masked. array_record checks what it reads, but takes a file that was cut
off for an empty one, so that in both it is counted how many records there are.
"""

import functools
import struct

import numpy as np
from array_record.python.array_record_module import ArrayRecordReader

BLOCK = 256  # bytes whose checksum is taken one after the other; blocks are taken all at once
POLYNOMIAL = 0x82F63B78  # of CRC-32C, bits reversed
START = b"Td\x1fd"  # what makes a checksum of zeros the one of ones that CRC-32C starts from


class DamagedRecordError(Exception):
    """A file of records is not what was written."""


def read(path, kind, count, first=0):
    """Yields the records of a file, bytes.

    Args:
      path: of the file.
      kind: str, a key of KINDS.
      count: int, how many records it has.
      first: int, the first to be yielded; those before are only counted.

    Raises:
      DamagedRecordError: there are more or fewer, or one does not match its checksum.
    """
    found = first
    for record in KINDS[kind](path, first):
        yield record
        found += 1
    if found != count:
        raise DamagedRecordError(f"it has {found} records, and should have {count}")


def _array_records(path, first):
    reader = ArrayRecordReader(str(path))
    for index in range(first, reader.num_records()):
        try:
            yield reader.read([index])[0]
        except (RuntimeError, ValueError, IndexError) as error:
            raise DamagedRecordError(f"record {index} cannot be read") from error


def _tf_records(path, first):
    with path.open("rb") as file:
        index = 0
        while head := file.read(12):
            length = _checked(head[:8], head[8:], index)
            body = file.read(struct.unpack("<Q", length)[0] + 4)
            if index >= first:
                yield _checked(body[:-4], body[-4:], index)
            index += 1


def _checked(data, checksum, index):
    if len(checksum) < 4 or struct.unpack("<I", checksum)[0] != masked_crc32c(data):
        raise DamagedRecordError(f"record {index} does not match its checksum")
    return data


KINDS = {"array_record": _array_records, "tfrecord": _tf_records}


def masked_crc32c(data):
    """Returns the CRC-32C of bytes as TFRecord writes it, int: rotated, and moved by a constant."""
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(data):
    """Returns the CRC-32C of bytes, int.

    It is linear: that of two parts is that of the first, moved past the second, plus that of the
    second. So blocks are taken beside each other, and then joined two by two.
    """
    data = np.frombuffer(START + data, np.uint8)
    blocks = 1 << (-(-data.size // BLOCK) - 1).bit_length()
    padded = np.zeros(blocks * BLOCK, np.uint8)  # zeros in front change nothing
    padded[padded.size - data.size :] = data
    crc, level = _through(np.uint32(0), padded.reshape(blocks, BLOCK).T), 0
    while crc.size > 1:
        crc, level = _past(crc[::2], level) ^ crc[1::2], level + 1
    return int(~crc[0])


def _through(crc, columns):
    """Takes checksums, uint32 [N], through byte after byte of N blocks, uint8 [BLOCK, N]."""
    for column in columns:
        crc = _table()[(crc ^ column) & 255] ^ (crc >> np.uint32(8))
    return crc


def _past(crc, level):
    """Moves checksums, uint32 [N], past `2 ** level` blocks of zeros."""
    bits = (crc[:, None] >> np.arange(32, dtype=np.uint32)) & 1
    return np.bitwise_xor.reduce(np.where(bits, _bits_past(level), 0), axis=1, dtype=np.uint32)


@functools.cache
def _bits_past(level):
    """Where each bit of a checksum goes past `2 ** level` blocks of zeros, uint32 [32]."""
    if level:
        return _past(_bits_past(level - 1), level - 1)
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    return _through(bits, np.zeros((BLOCK, 32), np.uint8))


@functools.cache
def _table():
    """The checksum of each byte, uint32 [256]."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> 1) ^ np.where(table & 1, np.uint32(POLYNOMIAL), np.uint32(0))
    return table
