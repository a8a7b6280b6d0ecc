"""The lesson: decks of scenes, and questions with hidden answers. No torch, no window."""
