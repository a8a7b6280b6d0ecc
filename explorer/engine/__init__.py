"""The threads that run a network apart from the window."""
