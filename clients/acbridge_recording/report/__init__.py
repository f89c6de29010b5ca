"""Two laps over distance, as one page of HTML that needs nothing else."""
