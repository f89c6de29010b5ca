"""``acbridge-ctl``: query and control a daemon, and find out why no frames arrive."""
