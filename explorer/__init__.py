"""CNN Explorer's core: everything that is true without a window. Read ``frame_path`` first."""

import os

# How long torch's idle threads spin before they sleep; read when torch is loaded, so set before anything can do so.
# One forward of ResNet-18 on two cores with the library's own 300,000 spins, and with 1,000: 43 and 47 ms on a quiet
# machine, 955 and 190 ms beside other busy processes, as the window, the camera and a person's own programs are.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
