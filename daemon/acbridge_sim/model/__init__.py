"""
The model: a car, its drivetrain and tyres, the track under it, the lap clock and a driver.

Arithmetic only: no clock, no file, no page. One step is 3 ms, as the sim's own.
"""
