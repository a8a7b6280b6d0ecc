"""The threads that run a network apart from the window."""

from explorer.engine.engine import Engine as Engine
