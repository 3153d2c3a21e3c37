"""What is in the KV cache: the ledger of it, copies to go back to, and a file to take it up from. Child side."""
