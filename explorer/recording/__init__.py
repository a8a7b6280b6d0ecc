"""Moving pictures as MP4 files that outlive a crash, and the raw maps of many frames as one NPZ file."""
