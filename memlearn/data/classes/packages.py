"""Pinned packages of artwork and names, fetched with `npm pack` and vouched for by checksum."""

import pathlib
import shutil
import subprocess
import tarfile
from typing import NamedTuple

from memlearn.data import records
from memlearn.types import UserError


class Package(NamedTuple):
    """A package of npm.

    Attributes:
      name: str, such as '@iconify-json/noto'.
      version: str, an exact one.
      sha256: str, of its archive.
    """

    name: str
    version: str
    sha256: str

    @property
    def archive(self):
        """Returns the name of its archive, as npm calls it."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


def fetch(package, folder):
    """Fetches the archive of a package, unless it lies in the folder already.

    Args:
      package: Package.
      folder: str or path, where archives are kept.

    Returns:
      path of the archive, whose checksum is that of the package.

    Raises:
      UserError: npm is not installed, or could not fetch it, or fetched another archive.
    """
    path = pathlib.Path(folder, package.archive)
    if not path.exists() or records.sha256(path) != package.sha256:
        path.unlink(missing_ok=True)
        _pack(package, path)
    if records.sha256(path) != package.sha256:
        raise UserError(
            f"what npm fetched of {package.name} {package.version} is not the archive that is known"
            " here; fetch from npm's own registry, not from a mirror that packs archives again"
        )
    return path


def read(archive, member):
    """Reads one file of an archive.

    Args:
      archive: path, what `fetch` returned.
      member: str, the name of the file within the package.

    Returns:
      bytes.
    """
    with tarfile.open(archive) as file:
        return file.extractfile(f"package/{member}").read()


def _pack(package, path):
    without = "--config.data=glyphs needs neither it nor a network"
    if not shutil.which("npm"):
        raise UserError(
            f"npm is needed to fetch {package.name}, and is not installed (it comes with Node.js); "
            f"{without}"
        )
    # Into a folder of its own, so that an archive that was cut off is never taken for a whole one.
    partial = path.with_suffix(".partial")
    partial.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--loglevel=error", "--fetch-retries=1"]
    command.append(f"{package.name}@{package.version}")
    done = subprocess.run(command, cwd=partial, capture_output=True, text=True)
    if done.returncode:
        why = (done.stderr.strip() or "npm gave no reason").splitlines()[0]
        raise UserError(
            f"npm could not fetch {package.name} {package.version} ({why}); try again where there "
            f"is a network; {without}"
        )
    (partial / package.archive).rename(path)
    shutil.rmtree(partial)
