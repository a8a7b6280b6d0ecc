"""CNN Explorer's core: everything that is true without a window. Read ``frame_path`` first."""
