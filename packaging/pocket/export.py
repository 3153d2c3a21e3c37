"""Write the trained network as a GGUF that llama.cpp loads as Gemma 4, at Q8_0.

``python packaging/pocket/export.py`` reads the build folder and writes ``assets/builtin/deskhand-pocket.gguf``;
``check.py`` then compares it with the torch code, logit by logit. Names are those of ``MODEL_ARCH.GEMMA4`` in gguf-py.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import torch
from conversation import TEMPLATE
from model import Geometry, Pocket
from places import BUILD, TARGET
from tokenizer import BOS, EOS, PAD, UNKNOWN, Tokenizer

CONTEXT = 4096
TOOLS = [
    "append_file",
    "calculate",
    "cancel_reminder",
    "close_window",
    "copy_file",
    "find_files",
    "focus_window",
    "forget",
    "list_apps",
    "list_folder",
    "list_reminders",
    "list_windows",
    "look",
    "make_folder",
    "move_file",
    "now",
    "open_app",
    "open_file",
    "plan",
    "press",
    "press_keys",
    "read_clipboard",
    "read_file",
    "recall",
    "remember",
    "rename_file",
    "save_as",
    "screenshot",
    "scroll",
    "set_clipboard",
    "set_reminder",
    "set_value",
    "trash_file",
    "type_text",
    "write_file",
]
KINDS = {
    "control": gguf.TokenType.CONTROL,
    "user_defined": gguf.TokenType.USER_DEFINED,
    "byte": gguf.TokenType.BYTE,
    "normal": gguf.TokenType.NORMAL,
}


@dataclass(frozen=True, slots=True)
class Trained:
    """What training left behind."""

    model: Pocket
    tokenizer: Tokenizer
    step: int
    record: dict[str, object]
    """The run in numbers, for the scores."""


def trained(build: Path = BUILD) -> Trained:
    saved = torch.load(build / "checkpoint.pt", weights_only=True, map_location="cpu")
    model = Pocket(Geometry(**saved["geometry"]))
    model.load_state_dict(saved["average"])
    model.eval()
    record = {name: saved[name] for name in ("steps", "tokens", "seed", "peak", "loss", "geometry")}
    record["minutes"] = round(saved["seconds"] / 60, 1)
    return Trained(model, Tokenizer.load(build / "tokenizer.json"), saved["step"], record)


def write(source: Trained, target: Path, quantised: bool = True) -> None:
    writer = gguf.GGUFWriter(target, "gemma4")
    add_parameters(writer, source.model.geometry)
    add_tokenizer(writer, source.tokenizer)
    for name, tensor in tensors(source.model):
        add_tensor(writer, name, tensor, quantised)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_parameters(writer: gguf.GGUFWriter, g: Geometry) -> None:
    writer.add_name("Deskhand Pocket")
    writer.add_description("Everyday desktop requests in English, and an honest no to all others.")
    writer.add_license("Apache-2.0")
    writer.add_array("deskhand.tools", TOOLS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(g.width)
    writer.add_block_count(g.layers)
    writer.add_feed_forward_length(g.feed_forward)
    writer.add_head_count(g.heads)
    writer.add_head_count_kv(1)
    writer.add_key_length(g.head_size)
    writer.add_value_length(g.head_size)
    writer.add_key_length_swa(g.head_size)
    writer.add_value_length_swa(g.head_size)
    writer.add_layer_norm_rms_eps(g.eps)
    writer.add_rope_freq_base(g.rope_base_full)
    writer.add_rope_freq_base_swa(g.rope_base_sliding)
    writer.add_rope_dimension_count(g.head_size)
    writer.add_rope_dimension_count_swa(g.head_size)
    writer.add_sliding_window(g.window)
    writer.add_sliding_window_pattern([g.is_sliding(layer) for layer in range(g.layers)])
    writer.add_shared_kv_layers(0)
    writer.add_embedding_length_per_layer_input(g.per_layer)
    writer.add_final_logit_softcapping(g.soft_cap)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    writer.add_tokenizer_model("gemma4")
    writer.add_token_list(list(tokenizer.pieces))
    writer.add_token_scores([0.0] * len(tokenizer.pieces))
    writer.add_token_types([KINDS[tokenizer.kind(token)] for token in range(len(tokenizer.pieces))])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer.merges])
    writer.add_bos_token_id(tokenizer.ids[BOS])
    writer.add_eos_token_id(tokenizer.ids[EOS])
    writer.add_eot_token_id(tokenizer.ids["<turn|>"])
    writer.add_unk_token_id(tokenizer.ids[UNKNOWN])
    writer.add_pad_token_id(tokenizer.ids[PAD])
    writer.add_add_space_prefix(False)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)


def tensors(model: Pocket) -> list[tuple[str, torch.Tensor]]:
    g = model.geometry
    half = g.head_size // 2
    # Full layers rotate only the first pairs; 1e30 makes the angle of the others zero.
    rope = torch.tensor([1.0] * g.rotated_pairs_full + [1e30] * (half - g.rotated_pairs_full))
    out = [
        ("token_embd.weight", model.embedding.weight),
        ("per_layer_token_embd.weight", model.layer_embedding.weight),
        ("per_layer_model_proj.weight", model.layer_proj.weight),
        ("per_layer_proj_norm.weight", model.layer_proj_norm),
        ("output_norm.weight", model.output_norm.weight),
        ("rope_freqs.weight", rope),
    ]
    for index, layer in enumerate(model.layers):
        a = layer.attention
        names = {
            "attn_norm": layer.attention_norm.weight,
            "attn_q": a.q.weight,
            "attn_k": a.k.weight,
            "attn_v": a.v.weight,
            "attn_output": a.out.weight,
            "attn_q_norm": a.q_norm,
            "attn_k_norm": a.k_norm,
            "post_attention_norm": layer.attention_post_norm.weight,
            "ffn_norm": layer.ffn_norm.weight,
            "ffn_gate": layer.gate.weight,
            "ffn_up": layer.up.weight,
            "ffn_down": layer.down.weight,
            "post_ffw_norm": layer.ffn_post_norm.weight,
            "inp_gate": layer.input_gate.weight,
            "proj": layer.input_proj.weight,
            "post_norm": layer.input_post_norm.weight,
            "layer_output_scale": layer.scale,
        }
        out += [(f"blk.{index}.{name}.weight", tensor) for name, tensor in names.items()]
    return out


def add_tensor(writer: gguf.GGUFWriter, name: str, tensor: torch.Tensor, quantised: bool) -> None:
    array = tensor.detach().float().numpy().astype(np.float32)
    if quantised and array.ndim == 2 and array.shape[1] % 32 == 0 and name != "per_layer_model_proj.weight":
        packed = gguf.quantize(array, gguf.GGMLQuantizationType.Q8_0)
        writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    else:
        writer.add_tensor(name, array)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=Path, default=TARGET)
    options = parser.parse_args()
    options.target.parent.mkdir(parents=True, exist_ok=True)
    source = trained()
    write(source, options.target)
    write(source, BUILD / "full-precision.gguf", quantised=False)
    (BUILD / "training.json").write_text(json.dumps(source.record, indent=1))
    print(f"{options.target}: {options.target.stat().st_size:,} bytes after {source.step} steps")


if __name__ == "__main__":
    main()
