"""Pictures found by their features: the index of a folder on the disk, and the exact search in it."""
