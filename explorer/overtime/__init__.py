"""What the frames of a moving picture tell together: smoothed answers, zeros, dead and saturated channels, patches."""
