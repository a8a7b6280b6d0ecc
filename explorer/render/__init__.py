"""Arrays to pixels and files."""
