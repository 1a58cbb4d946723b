// The most recent positions of a run, to draw batches from; any thread may add, any may draw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "replay/record.h"
#include "replay/rows.h"
#include "replay/stored_game.h"

namespace az {

struct ReplayMemory {
  std::uint64_t positions;  // to draw from
  std::uint64_t games;
  std::uint64_t bytes;
};

class ReplayBuffer {
 public:
  // The oldest games leave when all take more than `memory_bytes`; the newest one always stays.
  explicit ReplayBuffer(std::size_t memory_bytes) : memory_bytes_(memory_bytes) {}

  // Adds a game; throws PositionError as StoredGame does. A game without targets is only checked.
  void add(const GameRecord& record);

  // From now on draws from the newest `positions` alone; games wholly older than these leave.
  void limit(std::uint64_t positions);

  [[nodiscard]] ReplayMemory memory() const;

  // Writes a batch. places: `[B]`, 0 for the oldest position to just below 1 behind the newest;
  // mirrored: `[B]`, see StoredGame::write. Throws PositionError when there is nothing to draw from.
  void write(std::span<const double> places, std::span<const std::uint8_t> mirrored,
             const Rows& rows) const;

 private:
  // Positions are numbered as they come, over all games ever added.
  struct Entry {
    std::shared_ptr<const StoredGame> game;
    std::uint64_t end;  // number behind its last position
  };
  struct Pick {
    std::shared_ptr<const StoredGame> game;
    std::size_t index;
  };

  [[nodiscard]] std::vector<Pick> pick(std::span<const double> places) const;
  // The callers of these hold the mutex.
  [[nodiscard]] std::uint64_t end() const { return entries_.empty() ? 0 : entries_.back().end; }
  [[nodiscard]] std::uint64_t first() const;
  void evict();

  const std::size_t memory_bytes_;
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
  std::uint64_t limit_ = UINT64_MAX;
  std::size_t bytes_ = 0;
};

}  // namespace az
