"""The stand-in as a process of its own: it owns the pages and rewrites them at the game's pace."""
