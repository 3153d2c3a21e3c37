"""How many tokens the system text and the tools take, as Gemma 4 reads them. Needs a display, for the desktop's tools.

    python -m tests.bench.prompt [--source llama.cpp]

Gemma's vocabulary and template come from llama.cpp's source archive; without ``--source`` from where the compile left
it in uv's cache. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

import llama_cpp

from agent.context import PROMPT_BUDGET_TOKENS, tool_spec
from agent.engine.dialects import choose_dialect
from agent.engine.port import Prompt
from agent.engine.vocabulary import Vocabulary
from agent.messages import UserMessage


def compiled_source() -> Path:
    cache = Path(
        subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    )
    found = sorted(cache.glob("sdists-*/pypi/llama-cpp-python/*/*/src/vendor/llama.cpp"))
    if not found:
        raise SystemExit("llama.cpp's source is not in uv's cache; name it with --source")
    return found[-1]


def prompt_parts() -> Prompt:
    """What every conversation begins with: the real system text and every tool."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "DESKHAND_WORKSPACE"):
            os.environ[name] = folder
        from app.compose import build
        from app.settings import Places, load

        assistant = build(load(Places.standard()).settings, Places.standard())
        parts = assistant.parts
        specs = tuple(tool_spec(tool) for tool in parts.tools.values())
        assistant.close()
        return Prompt(parts.system, specs, (UserMessage(text=""),))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, help="a folder of llama.cpp's source")
    parser.add_argument("--json", action="store_true", help="the output is JSON with and without it")
    options = parser.parse_args()
    models = (options.source or compiled_source()) / "models"
    llama_cpp.llama_backend_init()
    parameters = llama_cpp.llama_model_default_params()
    parameters.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(str(models / "ggml-vocab-gemma-4.gguf").encode(), parameters)
    vocabulary = Vocabulary(llama_cpp.llama_model_get_vocab(model))
    dialect = choose_dialect(
        vocabulary, (models / "templates" / "google-gemma-4-31B-it.jinja").read_text(), False, ""
    )
    prompt = prompt_parts()
    tokens = dialect.prompt(prompt).entries
    row = {
        "bench": "prompt",
        "tools": len(prompt.tools),
        "tokens": len(tokens),
        "budget": PROMPT_BUDGET_TOKENS,
        "characters": sum(len(vocabulary.text(token)) for token in tokens),
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main()
