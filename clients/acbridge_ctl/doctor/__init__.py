"""The ``doctor`` command: checks every link from the sim to a subscriber. Each link has a module that checks it."""
