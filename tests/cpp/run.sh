#!/usr/bin/env bash
# Builds and runs the C++ tests.
#
#   tests/cpp/run.sh                 optimised, asserts on
#   tests/cpp/run.sh sanitize        with AddressSanitizer and UndefinedBehaviorSanitizer
#   tests/cpp/run.sh fuzz [SECONDS]  libFuzzer on FENs and moves, half a minute each (needs clang)
set -euo pipefail
cd "$(dirname "$0")/../.."

mode=${1:-test}
out=build/cpp-$mode
flags=(-std=c++20 -g -Wall -Wextra -Wpedantic -Wshadow -Werror -Iaztoolkit/cpp -Itests/cpp)
sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
sources=(aztoolkit/cpp/*/*.cpp)
mkdir -p "$out"

# Each source is compiled on its own, as many at a time as there are processors.
build() { # build COMPILER PROGRAM FLAGS... -- SOURCES...
  local compiler=$1 program=$2 options=()
  shift 2
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -I{} bash -c '
    object="$1/$(echo "$2" | tr / _).o"; shift 2 && "$@" -o "$object"' _ "$out" {} \
    "$compiler" "${flags[@]}" "${options[@]}" -c {}
  local objects=()
  for source in "$@"; do objects+=("$out/$(echo "$source" | tr / _).o"); done
  "$compiler" "${options[@]}" "${objects[@]}" -o "$program"
}

case $mode in
  test)
    build "${CXX:-g++}" "$out/tests" -O2 -- "${sources[@]}" tests/cpp/test_*.cpp tests/cpp/main.cpp
    "$out/tests"
    ;;
  sanitize)
    build "${CXX:-g++}" "$out/tests" -O1 "${sanitizers[@]}" -- \
      "${sources[@]}" tests/cpp/test_*.cpp tests/cpp/main.cpp
    ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 "$out/tests"
    ;;
  fuzz)
    for target in fen moves; do
      build clang++ "$out/$target" -O1 "${sanitizers[@]}" -fsanitize=fuzzer -- \
        "${sources[@]}" "tests/cpp/fuzz_$target.cpp"
      mkdir -p "$out/corpus_$target"
      "$out/$target" -max_total_time="${2:-30}" -max_len=400 -dict=tests/data/fuzz/chess.dict \
        -print_final_stats=1 "$out/corpus_$target" "tests/data/fuzz/$target"
    done
    ;;
  *)
    echo "expected test, sanitize or fuzz, got: $mode" >&2
    exit 2
    ;;
esac
echo "C++ $mode: passed"
