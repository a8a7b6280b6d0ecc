"""The one door to OpenCV: ``from explorer.cv import cv2``.

Importing OpenCV points Qt and the loader at its own libraries, and its back ends write to stderr; both are undone here,
so that nothing else of the program imports ``cv2`` itself.
"""

from __future__ import annotations

import os

_CHANGED_BY_IMPORT = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
_before = {name: os.environ.get(name) for name in _CHANGED_BY_IMPORT}

import cv2  # noqa: E402  (the environment must be ready first)

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # it read the variable before, if others imported it
for _name, _value in _before.items():
    if _value is None:
        os.environ.pop(_name, None)
    else:
        os.environ[_name] = _value

__all__ = ["cv2"]
