#!/usr/bin/env bash
# Makes the network that aztoolkit ships, and measures it: aztoolkit/models/recipe.sh [RUN]
#
# Every step goes on where it was killed: start the script again. README.md beside it says how long each
# step took on two cores, and what came out. Needs Stockfish (Debian's `stockfish`, 15.1).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
run=${1:-runs/shipped}
export=$run/export

# 1. Stockfish plays and labels games, a share of its moves at random; the network learns its judgement.
aztoolkit train --profile "$here/recipe.toml" --run "$run" --no-selfplay \
  --teacher stockfish --teacher-nodes 1000 --teacher-lines 4 --teacher-random-moves 0.15 \
  --teacher-positions 1618000 --supervised-steps 14400 --supervised-final-rate 0.02

# 2. ONNX and INT8. Weights of 7 bits: as fast as 8 on processors with VNNI, faster on those without.
[ -e "$export/fp32.onnx" ] || aztoolkit export "$run" --no-fp16
[ -e "$export/int8.onnx" ] || aztoolkit quantize "$run" --int8 --weight-bits 7

# 3. What did INT8 cost? On held-out positions; in games at equal simulations, then at equal time. How strong
#    is it at 800 simulations on Stockfish's ladder?
aztoolkit compare "$export/fp32.onnx" "$export/int8.onnx" --positions "$run"
aztoolkit gate "$export/fp32.onnx" "$export/int8.onnx" --simulations 100 --movetime 50 \
  --games 100 --ladder-simulations 800 \
  --stockfish-elo 1350 --stockfish-elo 1500 --stockfish-elo 1700 --stockfish-elo 2000 --stockfish-elo 2300

# 4. How strong are the levels for people?
aztoolkit benchmark levels "$export/int8.onnx"

echo "Made in $export: fp32.onnx, int8.onnx and what was found out about them; the weights are"
ls "$run"/checkpoints/step-*.safetensors | tail -1
