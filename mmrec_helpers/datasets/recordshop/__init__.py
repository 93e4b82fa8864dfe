"""A record shop made by a seeded generator: a world whose truth is known. Taught in chapter 1."""
