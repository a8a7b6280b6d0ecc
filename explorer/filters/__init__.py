"""Kernels, and what they do to a picture."""
