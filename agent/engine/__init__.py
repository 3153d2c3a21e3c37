"""The engine: one loaded model in a child process of ours, met through :mod:`agent.engine.port` alone.

Parent side (no ``llama_cpp``): ``port`` ``supervisor`` ``child`` ``wire`` ``gguf_header`` ``scripted``.
Child side: ``worker`` ``turn`` ``ledger`` ``sampling`` ``vocabulary`` ``bindings`` ``grammar`` ``fit`` ``dialects/``.
"""

from agent.engine.supervisor import LlamaEngine

__all__ = ["LlamaEngine"]
