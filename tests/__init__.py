"""Tests mirror ``explorer`` and ``ui``."""
