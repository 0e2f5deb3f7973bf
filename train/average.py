"""Averages two checkpoints: what the last part of the curriculum taught, with less of what it cost.

    python3 train/average.py BEFORE.safetensors AFTER.safetensors 0.6 OUT.safetensors
"""
import sys

import checkpoint


def main():
    before_path, after_path, share, out = sys.argv[1:]
    before, after, share = checkpoint.load(before_path), checkpoint.load(after_path), float(share)
    checkpoint.save(out, {name: (before[name] + share * (after[name] - before[name])).bfloat16()
                          for name in after})


if __name__ == "__main__":
    main()
