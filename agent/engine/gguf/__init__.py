"""What a GGUF file says of itself, read with bounds and believed in nothing. Any side."""
