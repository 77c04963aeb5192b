"""Side-by-side measurements: `python -m bench`, or `make bench`."""
