"""Checksums of the files in a folder, written last: what has them is finished."""

import contextlib
import fcntl

from memlearn.data import records
from memlearn.types import UserError

CHECKSUMS = "SHA256SUMS"  # in the format of sha256sum, so that `sha256sum -c` reads it too


def seal(folder):
    """Writes the checksums of a folder's visible files."""
    lines = [f"{digest}  {file}\n" for file, digest in _digests(folder).items()]
    partial = folder / f".{CHECKSUMS}"
    partial.write_text("".join(lines))
    partial.rename(folder / CHECKSUMS)


def fault(folder):
    """Returns the path of a file that is not what was sealed; None if all are.

    Of a folder that is not sealed it is that of the checksums.
    """
    if not (folder / CHECKSUMS).exists():
        return folder / CHECKSUMS
    lines = (folder / CHECKSUMS).read_text(errors="replace").splitlines()
    expected = {file: digest for digest, _, file in (line.partition("  ") for line in lines)}
    found = _digests(folder)
    differ = (x for x in sorted(expected.keys() | found.keys()) if expected.get(x) != found.get(x))
    return next((folder / file for file in differ), None)


def _digests(folder):
    """Maps the names of the visible files in a folder, but for the checksums, to SHA-256."""
    files = (file for file in sorted(folder.glob("[!.]*")) if file.name != CHECKSUMS)
    return {file.name: records.sha256(file) for file in files}


def make_writable(folder):
    """Makes a data folder; raises `UserError` if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".writable").touch()
    except OSError as error:
        raise UserError(
            f"data folder {folder} cannot be written ({error.strerror}); name another one with "
            "--config.data_dir, or by the environment variable TFDS_DATA_DIR"
        ) from error


@contextlib.contextmanager
def lock(path):
    """Holds a file that only one process can hold."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, even by a crash
        yield
