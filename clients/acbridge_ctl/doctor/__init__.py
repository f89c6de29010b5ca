"""The doctor: which link of the chain from the sim to a subscriber is missing."""
