"""The Engine port over the OpenAI-compatible HTTP API: llama-server, vLLM, SGLang, Ollama, Ray Serve.

``engine`` is the adapter; ``address`` says where a server is and whether it may be spoken to; ``link`` is the one
place that talks HTTP; ``messages`` writes prompts; ``answer`` reads what is streamed back; ``facts`` and ``counting``
find out what a server and its model can take. No ``llama_cpp`` here, and no file is touched.
"""

from agent.engine.remote.address import Address, address_of
from agent.engine.remote.engine import RemoteEngine, look

__all__ = ["Address", "RemoteEngine", "address_of", "look"]
