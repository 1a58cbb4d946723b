#include "replay/buffer.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "chess/error.h"

namespace az {

void ReplayBuffer::add(const GameRecord& record) {
  auto game = std::make_shared<const StoredGame>(record);
  if (game->positions() == 0) return;
  const std::lock_guard lock(mutex_);
  bytes_ += game->bytes() + sizeof(Entry);
  const std::uint64_t behind = end() + game->positions();
  entries_.push_back({std::move(game), behind});
  evict();
}

void ReplayBuffer::limit(std::uint64_t positions) {
  const std::lock_guard lock(mutex_);
  limit_ = std::max<std::uint64_t>(positions, 1);
  evict();
}

ReplayMemory ReplayBuffer::memory() const {
  const std::lock_guard lock(mutex_);
  return {end() - first(), entries_.size(), bytes_};
}

void ReplayBuffer::write(std::span<const double> places, std::span<const std::uint8_t> mirrored,
                         const Rows& rows) const {
  assert(places.size() == rows.size() && mirrored.size() == rows.size());
  const std::vector<Pick> picks = pick(places);
  for (std::size_t i = 0; i < picks.size(); ++i) {
    picks[i].game->write(picks[i].index, mirrored[i] != 0, rows.row(i));
  }
}

// Only this part holds the mutex: games never change, and live as long as someone looks at them.
std::vector<ReplayBuffer::Pick> ReplayBuffer::pick(std::span<const double> places) const {
  std::vector<Pick> picks;
  picks.reserve(places.size());
  const std::lock_guard lock(mutex_);
  if (entries_.empty()) throw PositionError("expected positions to draw from, got none");
  const std::uint64_t oldest = first(), count = end() - oldest;
  for (double place : places) {
    const auto offset =
        static_cast<std::uint64_t>(std::max(place, 0.0) * static_cast<double>(count));
    const std::uint64_t number = oldest + std::min(offset, count - 1);
    const auto entry = std::upper_bound(
        entries_.begin(), entries_.end(), number,
        [](std::uint64_t wanted, const Entry& candidate) { return wanted < candidate.end; });
    const std::uint64_t begin = entry->end - entry->game->positions();
    picks.push_back({entry->game, static_cast<std::size_t>(number - begin)});
  }
  return picks;
}

// The number of the oldest position to draw from: its game may hold some that are older.
std::uint64_t ReplayBuffer::first() const {
  if (entries_.empty()) return 0;
  const std::uint64_t held = entries_.front().end - entries_.front().game->positions();
  return end() - held > limit_ ? end() - limit_ : held;
}

void ReplayBuffer::evict() {
  while (entries_.size() > 1 && (bytes_ > memory_bytes_ || entries_.front().end <= first())) {
    bytes_ -= entries_.front().game->bytes() + sizeof(Entry);
    entries_.pop_front();
  }
}

}  // namespace az
