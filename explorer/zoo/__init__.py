"""The networks: architectures, facts, weights."""
