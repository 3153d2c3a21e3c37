"""Compare the exported file with the torch code, logit by logit, and the two tokenizers, id by id.

Needs both torch and llama-cpp-python: the torch side runs in this process, the llama.cpp side in the repository's
own environment (``--python``), which gets token ids and answers with logits.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
from pathlib import Path

import numpy as np
import torch
from data import chat_row, texts
from export import Trained, trained
from places import BUILD, TARGET

LLAMA_SIDE = """
import json, sys
import numpy as np
from llama_cpp import Llama
path, request, answer = sys.argv[1:]
asked = json.load(open(request))
llama = Llama(path, n_ctx=2048, n_batch=2048, n_ubatch=2048, logits_all=True, n_threads=2, verbose=False)
found = [llama.tokenize(text.encode(), add_bos=False, special=True) for text in asked["texts"]]
out = []
for ids in asked["rows"]:
    llama.reset()
    llama.eval(ids)
    out.append(np.array(llama.scores[: len(ids)], dtype=np.float32))
np.savez(answer, *out)
print(json.dumps(found))
"""


def compare(source: Trained, gguf_path: Path, python: str) -> dict[str, float]:
    """Largest and mean difference of logits, share of positions with the same best token, wrong tokenisations."""
    rng = random.Random(7)
    rows = [chat_row(rng, source.tokenizer, length)[0] for length in (200, 500, 900, 1500)]
    samples = list(texts(rng, 300))
    request, answer = BUILD / "check.json", BUILD / "check.npz"
    request.write_text(json.dumps({"texts": samples, "rows": rows}))
    done = subprocess.run(
        [python, "-c", LLAMA_SIDE, str(gguf_path), str(request), str(answer)],
        capture_output=True,
        text=True,
        check=True,
    )
    tokenised = json.loads(done.stdout)
    wrong = sum(ids != source.tokenizer.encode(text) for ids, text in zip(tokenised, samples, strict=True))
    largest, total, same, count = 0.0, 0.0, 0, 0
    with np.load(answer) as theirs, torch.no_grad():
        for row, name in zip(rows, theirs.files, strict=True):
            ours = source.model.logits(source.model(torch.tensor([row])))[0].numpy()
            difference = np.abs(ours - theirs[name])
            largest = max(largest, float(difference.max()))
            total += float(difference.mean()) * len(row)
            same += int((ours.argmax(1) == theirs[name].argmax(1)).sum())
            count += len(row)
    return {
        "largest_difference": round(largest, 5),
        "mean_difference": round(total / count, 6),
        "same_best_token": round(same / count, 5),
        "positions": count,
        "tokenised_differently": wrong,
        "texts": len(samples),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=TARGET)
    parser.add_argument("--python", default=".venv/bin/python")
    options = parser.parse_args()
    torch.set_num_threads(2)
    source = trained()
    report = {
        "full_precision": compare(source, BUILD / "full-precision.gguf", options.python),
        "quantised": compare(source, options.model, options.python),
    }
    (BUILD / "check-report.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
