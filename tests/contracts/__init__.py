"""Tests of the design's rules."""
