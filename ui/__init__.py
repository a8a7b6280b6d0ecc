"""The window: Qt only, never torch."""

import numpy  # noqa: F401 - before PySide6, which makes every later import dearer, and numpy has a hundred of them
