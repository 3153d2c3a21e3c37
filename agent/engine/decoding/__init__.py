"""From logits to what the model says: the loop, choosing, the grammar of calls, guessing ahead. Child side."""
