#!/bin/sh
# Trains ember and its draft model: about 12 minutes on one H100, 16 processors for the preparation.
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

# prose and stories, then conversations among them
python3 "$here/train.py" "$data" "$out/base.safetensors" --plan read:1700,listen:1000 \
    --rate 1:0.3 --fall-from 0.45 --dropout 0.1
# loss on the assistant's turns
python3 "$here/train.py" "$data" "$out/answer.safetensors" --start "$out/base.safetensors" \
    --plan answer:1100 --rate 0.3:0 --fall-from 0 --dropout 0.1
# a small model that follows the larger one
python3 "$here/train.py" "$data" "$out/ember-draft.safetensors" --model ember-draft \
    --teacher "$out/answer.safetensors" --plan follow:1800 --rate 1:0 --fall-from 0.4

python3 "$here/average.py" "$out/base.safetensors" "$out/answer.safetensors" 0.6 "$out/ember.safetensors"
python3 "$here/evaluate.py" "$data" "$out/ember.safetensors" "$tokenizer" "$out/evaluation.json"
python3 "$here/export.py" "$out/ember.safetensors" "$tokenizer" --gguf "$out/ember.gguf" --type Q6_K \
    --folder "$out/ember"
python3 "$here/export.py" "$out/ember-draft.safetensors" "$tokenizer" --model ember-draft \
    --gguf "$out/ember-draft.gguf" --type Q8_0 --folder "$out/ember-draft"
