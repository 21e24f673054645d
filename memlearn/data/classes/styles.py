"""The styles of emoji: by whom, under which licence, and in which pinned package they are."""

from typing import NamedTuple

from memlearn.data.classes.packages import Package


class Style(NamedTuple):
    """A set of drawings by one hand.

    Attributes:
      name: str.
      family: str; styles of one family are drawn after each other.
      artist: str, to be named where the drawings are shown.
      licence: str, an SPDX identifier.
      package: Package, in the format of Iconify.
    """

    name: str
    family: str
    artist: str
    licence: str
    package: Package


def _style(name, family, artist, licence, version, sha256):
    package = Package(f"@iconify-json/{name}", version, sha256)
    return Style(name, family, artist, licence, package)


STYLES = (
    _style(
        *("noto", "noto", "Google", "Apache-2.0", "1.2.9"),
        "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad",
    ),
    _style(
        *("twemoji", "twemoji", "Twitter", "CC-BY-4.0", "1.2.5"),
        "19046dff7d8707ce96212ec86468b36ac5f8e60409629dd13f809265c6d0ebb7",
    ),
    _style(
        *("openmoji", "openmoji", "OpenMoji", "CC-BY-SA-4.0", "1.2.29"),
        "03181e2c156cab35cf4a62f1f7886bd971d59212e75ac3f189d5a4cae3930fc5",
    ),
    _style(
        *("fluent-emoji-flat", "fluent", "Microsoft", "MIT", "1.2.6"),
        "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
    ),
    _style(
        *("fluent-emoji", "fluent", "Microsoft", "MIT", "1.2.7"),
        "8044210dbf11e016d4de85f15d01a243423bd832457e7e2491df1b751c0e272b",
    ),
    _style(
        *("fluent-emoji-high-contrast", "fluent", "Microsoft", "MIT", "1.2.6"),
        "0b92d48c90d2200bd499e3cdd09a127ca6a8c8ddefd34c35eb5a1e4994012ae0",
    ),
    _style(
        *("noto-v1", "noto-v1", "Google", "Apache-2.0", "1.2.5"),
        "2bf62c26c2c2884aa99e90aec942cdaee17a5921f05690694f4978ad4b017c37",
    ),
    _style(
        *("emojione", "emojione", "Emoji One", "CC-BY-4.0", "1.2.3"),
        "26a14f44284407e8bcde91799388dca2bfd91dbcd55a97f425524a1c5b73610e",
    ),
    _style(
        *("emojione-monotone", "emojione", "Emoji One", "CC-BY-4.0", "1.2.1"),
        "40b90004bafb406b59266155ef9b7e1dd67bf2947fc8db8d07388776f4d0d04e",
    ),
)

# Names, tags and groups of all emoji, MIT.
NAMES = Package(
    "emojibase-data",
    "17.0.0",
    "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a",
)
