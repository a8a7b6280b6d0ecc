"""Tests of the whole, as a person runs it."""
