"""The ``drive`` command: a person drives the car with the keyboard, a gamepad or a wheel."""
