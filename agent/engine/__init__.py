"""The engine: one loaded model in a child process of ours, met through :mod:`agent.engine.port` alone.

Parent side (no ``llama_cpp``): ``port`` ``supervisor`` ``exchange`` ``child`` ``wire`` ``shared`` ``scripted`` ·
``declaration`` ``gemma4_text`` ``gguf/`` ``fit/`` ``remote/``.
Child side, from the process down to the library: ``worker`` ``loading`` ``turn`` · ``dialects/`` ``script`` ·
``cache/`` ``decoding/`` ``media/`` · ``vocabulary`` ``bindings`` ``devices``.
"""

from agent.engine.supervisor import LlamaEngine

__all__ = ["LlamaEngine"]
