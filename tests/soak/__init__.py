"""`make soak`: a site under an even load, its people coming and going, and whether anything of it piles up."""
