"""The exercises of each chapter, `chNN.py`: a solution, its trials, and what to say to typical wrong answers."""
