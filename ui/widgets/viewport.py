"""Where a picture lies in a view: fit, zoom to a point, pan; plain arithmetic, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

LARGEST_SCALE = 96.0
"""View px that one picture pixel may take at most."""


@dataclass(frozen=True)
class Viewport:
    """A picture's place in a view; view coordinates are logical px from the view's top left corner.

    Attributes:
        picture_hw: height and width of the picture, px.
        view_hw: height and width of the view, px.
        scale: view px per picture pixel.
        top, left: view coordinate of the picture's top left corner.
        fitted: whether the whole picture is shown as large as it fits, and stays so when the view is resized.
    """

    picture_hw: tuple[int, int]
    view_hw: tuple[int, int]
    scale: float
    top: float
    left: float
    fitted: bool

    @classmethod
    def fit(cls, picture_hw: tuple[int, int], view_hw: tuple[int, int]) -> Viewport:
        """Return the whole picture, centred, as large as the view allows."""
        scale = max(min(view_hw[0] / picture_hw[0], view_hw[1] / picture_hw[1]), 1e-6)
        return cls(picture_hw, view_hw, scale, 0.0, 0.0, True)._clamped()

    def resized(self, view_hw: tuple[int, int]) -> Viewport:
        """Return the same place in a view of another size; what was in the middle stays there."""
        if self.fitted:
            return Viewport.fit(self.picture_hw, view_hw)
        dy, dx = (view_hw[0] - self.view_hw[0]) / 2, (view_hw[1] - self.view_hw[1]) / 2
        return replace(self, view_hw=view_hw, top=self.top + dy, left=self.left + dx)._clamped()

    def zoomed(self, factor: float, y: float, x: float) -> Viewport:
        """Return the picture ``factor`` times as large; what lies under view coordinate (y, x) stays under it."""
        fit = Viewport.fit(self.picture_hw, self.view_hw)
        scale = min(self.scale * factor, max(LARGEST_SCALE, fit.scale))
        if scale <= fit.scale:
            return fit
        grown = scale / self.scale
        top, left = y - (y - self.top) * grown, x - (x - self.left) * grown
        return replace(self, scale=scale, top=top, left=left, fitted=False)._clamped()

    def panned(self, dy: float, dx: float) -> Viewport:
        """Return the picture moved by (dy, dx) view px, as far as it reaches the view's edges."""
        return replace(self, top=self.top + dy, left=self.left + dx)._clamped()

    def centred(self, y: float, x: float) -> Viewport:
        """Return the picture moved so that picture coordinate (y, x) is in the middle, as far as its edges allow."""
        h, w = self.view_hw
        return replace(self, top=h / 2 - y * self.scale, left=w / 2 - x * self.scale)._clamped()

    def to_view(self, y: float, x: float) -> tuple[float, float]:
        """Return the view coordinate of picture coordinate (y, x)."""
        return self.top + y * self.scale, self.left + x * self.scale

    def to_picture(self, y: float, x: float) -> tuple[float, float]:
        """Return the picture coordinate of view coordinate (y, x)."""
        return (y - self.top) / self.scale, (x - self.left) / self.scale

    def pixel(self, y: float, x: float) -> tuple[int, int] | None:
        """Return the pixel (row, column) under view coordinate (y, x), or None beside the picture."""
        py, px = self.to_picture(y, x)
        inside = 0 <= py < self.picture_hw[0] and 0 <= px < self.picture_hw[1]
        return (int(py), int(px)) if inside else None

    def visible(self) -> tuple[int, int, int, int]:
        """Return the rectangle of pixels that show at least partly, [row0, column0, row1, column1)."""
        y0, x0 = self.to_picture(0, 0)
        y1, x1 = self.to_picture(*self.view_hw)
        h, w = self.picture_hw
        return max(int(y0), 0), max(int(x0), 0), min(-int(-y1 // 1), h), min(-int(-x1 // 1), w)

    def _clamped(self) -> Viewport:
        """Return the place without empty margins where the picture is larger than the view, centred where smaller."""
        (h, w), (view_h, view_w) = self.picture_hw, self.view_hw
        return replace(
            self, top=_clamp(self.top, h * self.scale, view_h), left=_clamp(self.left, w * self.scale, view_w)
        )


def _clamp(start: float, length: float, room: float) -> float:
    return (room - length) / 2 if length <= room else min(0.0, max(room - length, start))
