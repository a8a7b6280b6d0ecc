"""A network's ops and edges."""
