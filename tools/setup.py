"""Make ``.venv``, install the project into it, and see to the system libraries that Qt and OpenCV load.

Run by ``make`` and ``run.bat`` with whatever Python is there: standard library only.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
}
X_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
FITTING_TORCH = """
import sys, torch, torchvision
from torchvision.ops import nms
release = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
sys.exit(not (2, 6) <= release < (3, 0))
"""


def stop(message):
    """End with one sentence and exit code 2."""
    print(message, file=sys.stderr)
    sys.exit(2)


def loads(library):
    """Return whether the system's loader finds ``library``."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def apt_install(packages, why):
    """Install Debian packages as root; else end with the exact line to run."""
    line = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if not shutil.which("apt-get"):
        stop(
            "{} missing: install with your system's package manager what Debian calls {}.".format(
                why, " ".join(packages)
            )
        )
    if os.geteuid() != 0:
        stop(f"{why} missing: run\n    sudo apt-get update && sudo {line}\nand then the same command again.")
    print("Installing {} …".format(" ".join(packages)), flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quiet = {"stdout": subprocess.DEVNULL, "env": environment}
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    if subprocess.run(line.split(), check=False, **quiet).returncode:
        stop(f"The system packages could not be installed: look at what apt-get said above, or run\n    {line}")


def see_to_libraries():
    """Install, or name, the shared libraries that are not there (Linux only; the wheels bring them elsewhere)."""
    if not sys.platform.startswith("linux"):
        return
    wanted = dict(LIBRARIES)
    if os.environ.get("DISPLAY"):
        wanted.update(X_LIBRARIES)
    missing = [package for library, package in wanted.items() if not loads(library)]
    if missing:
        apt_install(missing, "System libraries are")


def has_fitting_torch():
    """Return whether this Python already has a torch and torchvision that work together and fit the project."""
    return subprocess.run([sys.executable, "-c", FITTING_TORCH], check=False, stderr=subprocess.DEVNULL).returncode == 0


def make_venv():
    """Make ``.venv`` if it is not there or broken; it sees the system's packages where those hold a torch that fits."""
    if (
        PYTHON.exists()
        and subprocess.run([str(PYTHON), "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0
    ):
        return
    print("Making .venv …", flush=True)
    arguments = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if has_fitting_torch():
        arguments.append("--system-site-packages")
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        apt_install(["python3-venv"], "Python's venv module is")
    if subprocess.run(arguments, check=False).returncode:
        stop(f"The virtual environment could not be made in {VENV}: check free disk space and permissions.")


def install(extra):
    """Install the project, in place, with its dependencies."""
    what = ".[dev]" if extra == "test" else "."
    print("Installing the project and its libraries (the first time takes minutes: PyTorch is large) …", flush=True)
    quiet = [] if sys.stdout.isatty() else ["-q"]
    command = [str(PYTHON), "-m", "pip", "install", *quiet, "--disable-pip-version-check", "-e", what]
    if subprocess.run(command, cwd=str(ROOT), check=False).returncode:
        stop("The libraries could not be installed: see what pip said above; it needs the network and 6 GB of disk.")


def main():
    """Set up for ``run`` or ``test`` and leave a stamp; where one is newer than pyproject.toml, do nothing."""
    kind = sys.argv[1] if len(sys.argv) > 1 else "run"
    if sys.version_info < (3, 11):
        major, minor = sys.version_info[:2]
        stop(f"CNN Explorer needs Python 3.11 or newer and this is {major}.{minor}: call make with PYTHON=python3.12.")
    see_to_libraries()  # each time: a display may have come since
    stamp = VENV / (".ready-" + kind)
    if stamp.exists() and stamp.stat().st_mtime >= (ROOT / "pyproject.toml").stat().st_mtime:
        return
    make_venv()
    install(kind)
    (VENV / ".ready-run").touch()
    stamp.touch()


if __name__ == "__main__":
    main()
