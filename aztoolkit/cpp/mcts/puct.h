// Which move to try next: the PUCT formula, as in aztoolkit/mcts/reference.py.
#pragma once

#include <cstddef>

#include "mcts/config.h"
#include "mcts/tree.h"

namespace az {

// Returns the slot of the best child of a node that has been visited.
[[nodiscard]] std::size_t select_puct(const Tree& tree, const Node& parent,
                                      const SearchConfig& config);

}  // namespace az
