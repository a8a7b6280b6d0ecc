"""The panels of the places."""
