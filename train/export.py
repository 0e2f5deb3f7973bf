"""Writes a trained model for others: a Hugging Face folder, or a GGUF file.

    python3 train/export.py WEIGHTS.safetensors models/tokenizer.json --model ember --gguf ember.gguf --type Q6_K
    python3 train/export.py WEIGHTS.safetensors models/tokenizer.json --model ember --folder OUT
"""
import argparse
import json
import pathlib
import shutil

import torch

import bpe
import chat
import checkpoint
import gguf
import quantize
from model import SHAPES

CONTROL, NORMAL, USER_DEFINED = 3, 1, 4  # GGUF's kinds of tokens
DESCRIPTION = "A small model for stories, chat and function calls that ships with hearth"

GGUF_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
              "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
              "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
              "post_attention_layernorm": "ffn_norm"}


def gguf_name(name):
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{GGUF_NAMES[rest[:-len('.weight')]]}.weight"


def pair_rows(weight, n_heads):
    """Rows of each head from halves, as Hugging Face turns them, to neighbours, as GGUF's llama does."""
    rows, columns = weight.shape
    halves = weight.view(n_heads, 2, rows // n_heads // 2, columns)
    return halves.transpose(1, 2).reshape(rows, columns)


def tokens_of(tokenizer):
    """Texts and kinds, by id."""
    texts = [tokenizer.texts[i] for i in range(len(tokenizer.ids))]
    texts += sorted(tokenizer.special, key=tokenizer.special.get)
    kinds = [NORMAL] * len(tokenizer.ids)
    kinds += [USER_DEFINED if text in bpe.USER_TOKENS else CONTROL for text in texts[len(kinds):]]
    return texts, kinds


def settings_of(shape, name, n_parameters, tokenizer, type_name):
    texts, kinds = tokens_of(tokenizer)
    special = tokenizer.special
    return {
        "general.architecture": "llama", "general.type": "model", "general.name": name,
        "general.basename": "ember", "general.description": DESCRIPTION,
        "general.size_label": f"{n_parameters / 1e6:.0f}M", "general.license": "cc-by-sa-4.0",
        "general.languages": ["en"],
        "general.file_type": quantize.FILE_TYPES[type_name],
        "general.quantization_version": 2,
        "llama.context_length": shape.n_context, "llama.embedding_length": shape.width,
        "llama.block_count": shape.n_layers, "llama.feed_forward_length": shape.n_ff,
        "llama.attention.head_count": shape.n_heads,
        "llama.attention.head_count_kv": shape.n_kv_heads,
        "llama.attention.key_length": shape.head_dim, "llama.attention.value_length": shape.head_dim,
        "llama.attention.layer_norm_rms_epsilon": shape.norm_eps,
        "llama.rope.freq_base": shape.rope_base, "llama.rope.dimension_count": shape.head_dim,
        "llama.vocab_size": shape.n_vocab,
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": texts, "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": [" ".join(pair) for pair in tokenizer.json["model"]["merges"]],
        "tokenizer.ggml.bos_token_id": special["<|endoftext|>"],
        "tokenizer.ggml.eos_token_id": special["<|im_end|>"],
        "tokenizer.ggml.eot_token_id": special["<|im_end|>"],
        "tokenizer.ggml.padding_token_id": special["<|endoftext|>"],
        "tokenizer.ggml.fim_pre_token_id": special["<|fim_prefix|>"],
        "tokenizer.ggml.fim_suf_token_id": special["<|fim_suffix|>"],
        "tokenizer.ggml.fim_mid_token_id": special["<|fim_middle|>"],
        "tokenizer.ggml.add_bos_token": False, "tokenizer.ggml.add_eos_token": False,
        "tokenizer.chat_template": chat.TEMPLATE_PATH.read_text(),
    }


def write_gguf(path, tensors, shape, name, tokenizer, type_name, embedding_type):
    rows = []
    for tensor_name, weight in tensors.items():
        if ".q_proj" in tensor_name:
            weight = pair_rows(weight, shape.n_heads)
        elif ".k_proj" in tensor_name:
            weight = pair_rows(weight, shape.n_kv_heads)
        stored = type_name if weight.dim() == 2 else "F32"
        if "embed_tokens" in tensor_name:
            stored = embedding_type
        rows.append((gguf_name(tensor_name), weight.shape, quantize.number(stored),
                     quantize.quantize(weight.numpy(), stored)))
    n_parameters = sum(w.numel() for w in tensors.values())
    settings = settings_of(shape, name, n_parameters, tokenizer, type_name)
    gguf.write(path, settings, rows)


def config_of(shape, tokenizer):
    special = tokenizer.special
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16",
        "vocab_size": shape.n_vocab, "hidden_size": shape.width,
        "intermediate_size": shape.n_ff, "num_hidden_layers": shape.n_layers,
        "num_attention_heads": shape.n_heads, "num_key_value_heads": shape.n_kv_heads,
        "head_dim": shape.head_dim, "hidden_act": "silu", "rms_norm_eps": shape.norm_eps,
        "rope_theta": shape.rope_base, "max_position_embeddings": shape.n_context,
        "tie_word_embeddings": True, "attention_bias": False, "mlp_bias": False,
        "bos_token_id": special["<|endoftext|>"], "pad_token_id": special["<|endoftext|>"],
        "eos_token_id": [special["<|im_end|>"], special["<|endoftext|>"]],
    }


def tokenizer_config():
    return {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|endoftext|>",
            "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "add_bos_token": False,
            "add_eos_token": False, "clean_up_tokenization_spaces": False, "model_max_length": 2048,
            "chat_template": chat.TEMPLATE_PATH.read_text()}


def write_folder(folder, tensors, shape, tokenizer, tokenizer_path):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint.save(folder / "model.safetensors", {n: t.bfloat16() for n, t in tensors.items()})
    write_json = lambda name, value: (folder / name).write_text(json.dumps(value, indent=2) + "\n")
    write_json("config.json", config_of(shape, tokenizer))
    write_json("tokenizer_config.json", tokenizer_config())
    write_json("generation_config.json", {"do_sample": True, "temperature": 0.7, "top_p": 0.9,
                                        "repetition_penalty": 1.1})
    shutil.copy(tokenizer_path, folder / "tokenizer.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("tokenizer")
    parser.add_argument("--model", default="ember", choices=SHAPES)
    parser.add_argument("--folder", help="write config.json, model.safetensors and so on there")
    parser.add_argument("--gguf", help="write a GGUF file")
    parser.add_argument("--type", default="Q6_K", choices=sorted(quantize.FILE_TYPES))
    parser.add_argument("--embedding-type", choices=sorted(quantize.FILE_TYPES),
                        help="the embedding's, if another")
    arguments = parser.parse_args()
    tokenizer = bpe.Tokenizer(arguments.tokenizer)
    tensors, shape = checkpoint.load(arguments.weights), SHAPES[arguments.model]
    with torch.no_grad():
        if arguments.folder:
            write_folder(arguments.folder, tensors, shape, tokenizer, arguments.tokenizer)
        if arguments.gguf:
            write_gguf(arguments.gguf, tensors, shape, arguments.model, tokenizer, arguments.type,
                       arguments.embedding_type or arguments.type)


if __name__ == "__main__":
    main()
