"""Icon sets: which drawings of which emoji there are, and how one is drawn.

A set is a package in the format of Iconify: `icons.json` maps names to drawings, and other names to
these; `chars.json`, where there is one, code points to names.
"""

import json

import resvg_py

from memlearn.data import records
from memlearn.data.classes import packages

GROUND = "#808080"  # sets draw in black, others in white


class IconSet:
    """The drawings of one style.

    Args:
      archive: path of its package.

    Attributes:
      points: dict from code points, such as '1f34e', to names; may be empty.
    """

    def __init__(self, archive):
        self._set = json.loads(packages.read(archive, "icons.json"))
        points = json.loads(packages.read(archive, "chars.json"))
        self.points = {plain(point): name for point, name in points.items()}

    def __contains__(self, name):
        return name in self._set["icons"] or name in self._set.get("aliases", {})

    def draw(self, name):
        """Draws an icon on grey ground, as large as fits.

        Args:
          name: str, one that the set has.

        Returns:
          uint8 [32, 32, 3], anti-aliased.
        """
        png = resvg_py.svg_to_bytes(
            svg_string=self._svg(name),
            width=records.SIZE,
            height=records.SIZE,
            background=GROUND,
            skip_system_fonts=True,  # the result must not depend on what is installed
        )
        return records.pixels(png)

    def _svg(self, name):
        icon, mirrored = self._resolve(name)
        width, height = (icon.get(side, self._set.get(side, 16)) for side in ("width", "height"))
        side = max(width, height)
        view = f"{(width - side) / 2} {(height - side) / 2} {side} {side}"
        body = icon["body"]
        if mirrored:
            body = f'<g transform="translate({width} 0) scale(-1 1)">{body}</g>'
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'width="{records.SIZE}" height="{records.SIZE}" viewBox="{view}">{body}</svg>'
        )

    def _resolve(self, name):
        """Follows other names to a drawing; returns it, and whether it is to be mirrored."""
        mirrored = False
        while name not in self._set["icons"]:
            alias = self._set["aliases"][name]
            name, mirrored = alias["parent"], mirrored != alias.get("hFlip", False)
        return self._set["icons"][name], mirrored


def plain(point):
    """Returns code points, such as '2764-FE0F', in lower case and without variation selectors."""
    return "-".join(part for part in point.lower().split("-") if part != "fe0f")
