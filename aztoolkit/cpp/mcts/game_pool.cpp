#include "mcts/game_pool.h"

#include <algorithm>
#include <cassert>

namespace az {

bool GamePool::done() const { return std::ranges::all_of(searches_, &Search::done); }

void GamePool::stop() {
  for (Search* search : searches_) search->stop();
}

std::size_t GamePool::waiting() const {
  std::size_t leaves = 0;
  for (const Search* search : waiting_) leaves += search->waiting();
  return leaves;
}

std::size_t GamePool::gather(std::span<float> planes) {
  waiting_.clear();
  std::size_t filled = 0, turn = 0;
  for (; turn < searches_.size() && filled < planes.size(); ++turn) {
    Search* search = searches_[(next_ + turn) % searches_.size()];
    if (search->done()) continue;
    const SearchConfig& config = search->config();
    const std::size_t stride = static_cast<std::size_t>(plane_count(config.encoding)) * kSquares;
    const auto room = std::min(planes.size() - filled, config.batch_size * stride);
    filled += search->gather(planes.subspan(filled, room)) * stride;
    if (search->waiting() > 0) waiting_.push_back(search);
  }
  if (turn < searches_.size()) next_ = (next_ + turn) % searches_.size();
  return waiting();
}

void GamePool::apply(std::span<const float> policy, std::span<const float> wdl) {
  for (Search* search : waiting_) {
    const std::size_t leaves = search->waiting();
    const auto actions = static_cast<std::size_t>(action_count(search->config().action_space));
    search->apply(policy.first(leaves * actions), wdl.first(leaves * 3));
    policy = policy.subspan(leaves * actions);
    wdl = wdl.subspan(leaves * 3);
  }
  waiting_.clear();
}

}  // namespace az
