"""Exact receptive fields on any acyclic graph: a unit → its area, a pixel → the units that see it. No torch."""
