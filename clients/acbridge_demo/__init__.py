"""``acbridge-demo``: one command that shows acbridge at work without the game."""
