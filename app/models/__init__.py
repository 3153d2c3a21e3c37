"""Models: the ones offered, the ones found on this disk, and getting one of the former to be one of the latter."""
