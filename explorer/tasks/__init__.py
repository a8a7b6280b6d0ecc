"""What a network's output means."""
