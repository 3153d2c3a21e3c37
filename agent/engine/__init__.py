"""The engine: one loaded model in a child process of ours, met through :mod:`agent.engine.port` alone.

Parent side (no ``llama_cpp``): ``port`` ``supervisor`` ``exchange`` ``child`` ``wire`` ``shared`` ``gguf_header``
``fit/`` ``remote/`` ``scripted``.
Child side, from the process down to the library: ``worker`` ``loading`` · ``turn`` ``decoding``
``reading`` ``speculation`` ``assistant`` · ``dialects/`` ``script`` ``grammar`` ``forced`` ``sampling`` ``vocabulary``
· ``ledger`` ``checkpoints`` ``persistence`` · ``senses`` ``projector`` · ``bindings`` ``mtmd`` ``devices``.
"""

from agent.engine.supervisor import LlamaEngine

__all__ = ["LlamaEngine"]
