"""Where the shipped pictures are."""

from pathlib import Path

import resources

SAMPLES = Path(resources.__file__).parent / "samples"
