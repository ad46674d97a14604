"""A language model of random weights, made on the spot: it says nothing, but llama.cpp runs it as any other."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

_ROOM = 512


def write(path: Path, layers: int = 2, width: int = 64, heads: int = 4) -> None:
    """Write a llama of `layers` × `width` with a vocabulary of bytes."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("tiny random")
    writer.add_context_length(_ROOM)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_file_type(0)
    words = [
        b"<unk>",
        b"<s>",
        b"</s>",
        *(b"<0x%02X>" % i for i in range(256)),
        *(bytes([c]) for c in range(97, 123)),
    ]
    kinds = [2, 3, 3, *[6] * 256, *[1] * 26]  # unknown, control, control, bytes, normal
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_vocab_size(len(words))
    writer.add_add_space_prefix(False)
    rng = np.random.default_rng(0)

    def random(name: str, *shape: int) -> None:
        writer.add_tensor(name, (rng.standard_normal(shape) * 0.05).astype(np.float32))

    random("token_embd.weight", len(words), width)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    random("output.weight", len(words), width)
    for layer in range(layers):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(width, np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            random(f"blk.{layer}.{name}.weight", width, width)
        random(f"blk.{layer}.ffn_gate.weight", 2 * width, width)
        random(f"blk.{layer}.ffn_up.weight", 2 * width, width)
        random(f"blk.{layer}.ffn_down.weight", width, 2 * width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
