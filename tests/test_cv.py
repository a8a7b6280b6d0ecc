"""What importing OpenCV must not do to the rest of the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys

NAMES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")


def environment_after_import(**before: str) -> dict[str, str | None]:
    code = f"import os, json; import explorer.cv; print(json.dumps({{n: os.environ.get(n) for n in {NAMES}}}))"
    environment = {name: value for name, value in os.environ.items() if name not in NAMES} | before
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_variables_that_were_not_set_are_not_set_afterwards() -> None:
    assert environment_after_import() == dict.fromkeys(NAMES)


def test_variables_that_were_set_keep_their_value() -> None:
    before = dict.fromkeys(NAMES, "/somewhere")
    assert environment_after_import(**before) == before


def test_it_is_silent_even_where_others_imported_opencv_first() -> None:
    code = "import cv2; from explorer.cv import cv2; print(cv2.VideoCapture(99, cv2.CAP_ANY).isOpened())"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV_")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
