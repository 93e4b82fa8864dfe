"""The exercises of each chapter, `chNN.py`: what is right, which mistakes are typical, and what to say to them."""
