#!/bin/sh
# Trains ember: about 20 minutes on one H100, 16 processors for the preparation.
# Usage: train/run.sh CORPUS_FOLDER OUT_FOLDER
set -eu
corpus=$1
out=$2
here=$(dirname "$0")
tokenizer=$here/../models/tokenizer.json
data=$out/data
mkdir -p "$out"

test -f "$tokenizer" || python3 "$here/make_tokenizer.py" "$corpus" "$tokenizer"
test -f "$data/heldout.json" || python3 "$here/prepare.py" "$corpus" "$tokenizer" "$data"

# stories, made-up and real, then conversations among them
python3 "$here/train.py" "$data" "$out/base.safetensors" --plan read:2600,listen:1600 \
    --rate 1:0.3 --fall-from 0.5 --dropout 0.05
# loss on the assistant's turns, with the weights as Q3_K will hold them
python3 "$here/train.py" "$data" "$out/middle.safetensors" --start "$out/base.safetensors" --q3k \
    --plan answer:2200 --rate 0.3:0.3 --dropout 0.05
python3 "$here/train.py" "$data" "$out/ember.safetensors" --start "$out/middle.safetensors" --q3k \
    --plan answer:3600 --rate 0.3:0 --fall-from 0 --dropout 0.05 --seed 8

python3 "$here/evaluate.py" "$data" "$out/ember.safetensors" "$tokenizer" "$out/evaluation.json" --q3k
python3 "$here/export.py" "$out/ember.safetensors" "$tokenizer" --gguf "$out/ember.gguf" --type Q3_K \
    --folder "$out/ember"
