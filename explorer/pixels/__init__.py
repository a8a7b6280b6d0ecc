"""A picture as numbers."""
