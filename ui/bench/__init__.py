"""What the window costs: ``python -m ui.bench WHAT`` prints JSON for ``explorer.bench``."""

LIMIT_MS = 120_000
"""No measurement of a window takes longer."""
