"""Media to vectors: a module per modality, a store that extracts nothing twice, devices. Taught in chapters 3 to 5."""
