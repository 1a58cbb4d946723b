#include "mcts/evaluation_cache.h"

#include <algorithm>

#include "encode/az119.h"

namespace az {

namespace {

// One round of SplitMix64 over what has been mixed so far and one more number.
Key mix(Key so_far, std::uint64_t number) {
  Key state = so_far ^ number;
  return detail::next_random(state);
}

}  // namespace

Key history_key(const Game& game) {
  const auto frames = game.frames();
  const std::size_t known = std::min<std::size_t>(frames.size(), kHistory);
  const Position& now = game.position();
  Key key = mix(known, now.chess960());
  for (const Frame& frame : frames.last(known)) {
    key = mix(key, frame.position.key());
    key = mix(key, frame.repetitions);
  }
  const auto passed = frames[frames.size() - known].position.en_passant();
  key = mix(key, passed ? passed->index() : kSquares);
  return mix(key, static_cast<std::uint64_t>(now.fullmove_number()) << 16 | now.halfmove_clock());
}

EvaluationCache::EvaluationCache(std::size_t memory_bytes)
    : entries_(std::max<std::size_t>(1, memory_bytes / sizeof(Entry))) {}

std::optional<EvaluationCache::WdlLogits> EvaluationCache::find(Key key, std::span<Edge> edges) {
  const std::lock_guard lock(mutex_);
  ++lookups_;
  const Entry& entry = place_of(key);
  if (entry.key != key || entry.moves != edges.size()) return std::nullopt;
  ++hits_;
  for (std::size_t i = 0; i < edges.size(); ++i) edges[i].prior = entry.policy[i];
  return entry.wdl;
}

void EvaluationCache::store(Key key, std::span<const Edge> edges, const WdlLogits& wdl) {
  if (edges.size() > kMostMoves) return;
  const std::lock_guard lock(mutex_);
  Entry& entry = place_of(key);
  entry.key = key;
  entry.wdl = wdl;
  entry.moves = static_cast<std::uint32_t>(edges.size());
  std::ranges::transform(edges, entry.policy.begin(), &Edge::prior);
}

void EvaluationCache::clear() {
  const std::lock_guard lock(mutex_);
  std::ranges::fill(entries_, Entry{});
}

}  // namespace az
