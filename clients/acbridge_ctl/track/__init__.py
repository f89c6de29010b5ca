"""The ``track`` commands: make maps of tracks from laps or from the game's files, and show them."""
