"""One program for recordings: what is in them, parts of them, and other formats."""
