"""Pictures and sound: what a projector file offers, and the towers that turn both into embeddings."""
