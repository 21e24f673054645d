"""Blobs: arrays that grow on disk, row by row, each a plain .npy file that numpy can map.

Now and then it is noted how many rows there are. Whoever writes on after having been cut off begins
at the last note: what came after it is dropped.
"""

import json
import os

import numpy as np

NOTE = ".rows.json"  # hidden, so that it is no part of what is sealed


class Blobs:
    """Growing arrays in a folder.

    Args:
      folder: path, made if it is not there.

    Attributes:
      rows: dict of str, int: how many rows each array has.
    """

    def __init__(self, folder):
        self._folder, self._files, self._shapes = folder, {}, {}
        folder.mkdir(parents=True, exist_ok=True)
        note = folder / NOTE
        self.rows = json.loads(note.read_text()) if note.exists() else {}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for file in self._files.values():
            file.close()

    def append(self, name, rows):
        """Appends rows, an array [N, ...] of always the same shape and dtype, to one of a name."""
        if name not in self._files:
            self._open(name, rows)
        self._files[name].write(np.ascontiguousarray(rows).tobytes())
        self.rows[name] += len(rows)

    def finish(self):
        """Brings all rows to disk; whoever opens the folder again begins anew."""
        self._flush()
        (self._folder / NOTE).unlink(missing_ok=True)

    def note(self):
        """Notes how many rows there are, once they are on disk."""
        self._flush()
        partial = self._folder / f"{NOTE}.partial"
        partial.write_text(json.dumps(self.rows))
        partial.rename(self._folder / NOTE)

    def _flush(self):
        for name, file in self._files.items():
            file.seek(0)
            self._write_header(name)
            file.seek(0, os.SEEK_END)
            file.flush()
            os.fsync(file.fileno())

    def _open(self, name, like):
        path, rows = self._folder / f"{name}.npy", self.rows.setdefault(name, 0)
        file = self._files[name] = path.open("r+b" if rows else "w+b")
        self._shapes[name] = like.dtype, like.shape[1:]
        self._write_header(name)
        file.seek(file.tell() + rows * like.dtype.itemsize * int(np.prod(like.shape[1:])))
        file.truncate()

    def _write_header(self, name):
        """Writes what numpy begins a file with; it is as long for any number of rows."""
        dtype, shape = self._shapes[name]
        header = dict(
            descr=np.lib.format.dtype_to_descr(dtype), fortran_order=False,
            shape=(self.rows[name], *shape),
        )  # fmt: skip
        np.lib.format.write_array_header_1_0(self._files[name], header)


def load(folder):
    """Returns the arrays of a folder, name -> array; what is needed of them is read then."""
    files = sorted(folder.glob("*.npy"))
    return {file.stem: np.asarray(np.load(file, mmap_mode="r")) for file in files}
