// Many searches that fill one batch together.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "mcts/search.h"

namespace az {

// Searches of one encoding and action space. They do not influence each other: what is found does
// not depend on who else is in the pool, as long as the batch has room for all.
class GamePool {
 public:
  // The searches must outlive the pool.
  explicit GamePool(std::vector<Search*> searches) : searches_(std::move(searches)) {}

  [[nodiscard]] bool done() const;
  void stop();
  // Leaves gathered last.
  [[nodiscard]] std::size_t waiting() const;

  // planes: `[B, C, 8, 8]` float32. Takes up to batch_size leaves of each search that is not done,
  // in turns where not all fit; returns how many leaves were written, 0 to B.
  [[nodiscard]] std::size_t gather(std::span<float> planes);
  // policy: `[n, A]` and wdl: `[n, 3]` float32 logits for the n leaves gathered last.
  void apply(std::span<const float> policy, std::span<const float> wdl);

 private:
  std::vector<Search*> searches_;
  std::vector<Search*> waiting_;  // in the order of their leaves
  std::size_t next_ = 0;          // who is first in the next batch
};

}  // namespace az
