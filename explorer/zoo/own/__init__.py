"""A person's own networks: files that hold one, and modules that their own program has in memory."""

from __future__ import annotations

from pathlib import Path

IN_MEMORY = "memory:"
"""Begins the name of a module that the person's own program showed."""
SUFFIXES = (".pth", ".pt", ".safetensors", ".ckpt", ".bin", ".onnx", ".pt2", ".py")


def is_own(name: str) -> bool:
    """Return whether ``name`` means a person's own network rather than one of the zoo."""
    return name.startswith(IN_MEMORY) or Path(name).suffix.lower() in SUFFIXES
