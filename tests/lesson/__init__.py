"""Tests of explorer/lesson."""
