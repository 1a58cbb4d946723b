#!/usr/bin/env bash
# Makes a network as aztoolkit ships it, and measures it: aztoolkit/models/recipe.sh [RUN [SUITE...]]
#
# SUITE: positions with known answers, such as wac.epd or puzzles of Lichess (.csv). Killed, start the script
# again: it goes on, training, matches and levels from where they were. README.md beside it says how long each
# step took on two cores, what came out, and in what the shipped network's own making differed. Needs Stockfish
# (Debian's `stockfish`, 15.1).
set -euo pipefail
case ${1:-} in -*) sed -n '2,/^set/{/^set/d;p}' "$0" && exit 2 ;; esac

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

# 3. What did INT8 cost? On held-out positions; in games at equal simulations, then at equal time. A model that is
#    rejected (1) or of which nothing is known yet (3) is a result, too.
judge() { aztoolkit gate "$@" || { local code=$?; [ $code -eq 1 ] || [ $code -eq 3 ]; }; }
aztoolkit compare "$export/fp32.onnx" "$export/int8.onnx" --positions "$run"
judge "$export/fp32.onnx" "$export/int8.onnx" --simulations 100 --movetime 50

# 4. How strong is it on Stockfish's ladder, at 800 simulations, searching as `serve` and `uci` do?
mkdir -p "$run/ladder"
cp "$export/fp32.onnx" "$export/int8.onnx" "$run/ladder/"
judge "$run/ladder/fp32.onnx" "$run/ladder/int8.onnx" --skip distance --skip simulations --skip time \
  --batch-size 16 --games 100 --ladder-simulations 800 \
  --stockfish-elo 1350 --stockfish-elo 1500 --stockfish-elo 1700 --stockfish-elo 2000 --stockfish-elo 2300

# 5. What does it solve, and how strong are the levels for people?
for suite in "${@:2}"; do
  solved=$export/$(basename "$suite")
  [ -e "$solved/puzzles.json" ] || aztoolkit benchmark puzzles "$export/int8.onnx" --suite "$suite" --output "$solved"
done
aztoolkit benchmark levels "$export/int8.onnx"

echo "Made in $export: fp32.onnx, int8.onnx and what was found out about them; the weights are"
ls "$run"/checkpoints/step-*.safetensors | tail -1
