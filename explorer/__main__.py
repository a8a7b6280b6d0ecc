"""``python -m explorer``: the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process and return its exit code."""
    try:
        from explorer.cli.main import main as run
    except KeyboardInterrupt:  # so early that there are no words yet
        return 130
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
