"""The car's controls: who holds them, what is applied, what moves the car."""
