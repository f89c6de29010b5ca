"""One command that shows acbridge at work without the game."""
