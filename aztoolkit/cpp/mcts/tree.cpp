#include "mcts/tree.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "mcts/priors.h"

namespace az {

Tree::Tree(std::size_t memory_bytes) : limit_bytes_(memory_bytes / 2) { clear(); }

bool Tree::has_room() const {
  // One simulation adds the edges of one node, and one child, for which a block may double.
  constexpr std::size_t kMostEdges = MoveList::kCapacity * sizeof(Edge);
  constexpr std::size_t kMostNodes = (std::size_t{1} << (kSizes - 1)) * sizeof(Node);
  return used_bytes() + kMostEdges + kMostNodes <= limit_bytes_;
}

std::size_t Tree::held_bytes() const {
  return nodes_.held_bytes() + spare_nodes_.held_bytes() + edges_.held_bytes() +
         spare_edges_.held_bytes();
}

void Tree::add_edges(Node& node, const MoveList& moves, ActionSpace space,
                     const Position& position) {
  node.edge_count = static_cast<std::uint16_t>(moves.size());
  node.edges = edges_.allocate(node.edge_count);
  edge_count_ += moves.size();
  Edge* edge = edges_.at(node.edges);
  for (Move move : moves) {
    *edge++ = {0.0f, move, static_cast<std::uint16_t>(move_index(space, position, move))};
  }
}

Node& Tree::child(Node& parent, std::size_t slot) {
  assert(slot <= parent.child_count && slot < parent.edge_count);
  if (slot == parent.child_count) {
    if (slot == 0) write_priors(edges(parent));
    add_child(parent);
  }
  return nodes_.at(parent.children)[slot];
}

void Tree::add_all_children() {
  for (std::size_t slot = root().child_count; slot < root().edge_count; ++slot) {
    (void)child(root(), slot);
  }
}

void Tree::add_child(Node& parent) {
  if (parent.child_count == 0 || parent.child_count == 1 << parent.capacity_log2) grow(parent);
  Node& added = nodes_.at(parent.children)[parent.child_count];
  added = Node{};
  added.prior = edges_.at(parent.edges)[parent.child_count].prior;
  ++parent.child_count;
  ++node_count_;
}

// Moves the children into a block of twice the size.
void Tree::grow(Node& parent) {
  const int size_log2 = parent.child_count == 0 ? 0 : parent.capacity_log2 + 1;
  auto& free = outgrown_[size_log2];
  Handle block = 0;
  if (free.empty()) {
    block = nodes_.allocate(1u << size_log2);
  } else {
    block = free.back();
    free.pop_back();
  }
  if (parent.child_count > 0) {
    std::copy_n(nodes_.at(parent.children), parent.child_count, nodes_.at(block));
    outgrown_[parent.capacity_log2].push_back(parent.children);
  }
  parent.children = block;
  parent.capacity_log2 = static_cast<std::uint8_t>(size_log2);
}

void Tree::clear() {
  nodes_.clear();
  edges_.clear();
  for (auto& blocks : outgrown_) blocks.clear();
  root_ = nodes_.allocate(1);
  root() = Node{};
  node_count_ = 1;
  edge_count_ = 0;
}

bool Tree::advance(Move move) {
  const auto known = edges(root()).first(root().child_count);
  const auto found = std::ranges::find(known, move, &Edge::move);
  if (found == known.end()) return false;
  root_ = root().children + static_cast<Handle>(found - known.begin());
  return true;
}

void Tree::cut() {
  const Handle copied_root = spare_nodes_.allocate(1);
  *spare_nodes_.at(copied_root) = root();
  std::vector<Handle> copied{copied_root};
  node_count_ = edge_count_ = 0;
  while (!copied.empty()) {
    Node& node = *spare_nodes_.at(copied.back());
    copied.pop_back();
    ++node_count_;
    edge_count_ += node.edge_count;
    copy_below(node, spare_nodes_, spare_edges_, copied);
  }
  root_ = copied_root;
  std::swap(nodes_, spare_nodes_);
  std::swap(edges_, spare_edges_);
  spare_nodes_.clear();
  spare_edges_.clear();
  for (auto& blocks : outgrown_) blocks.clear();
}

// Copies edges and children of a node that stands in `nodes` already; lists the children's copies.
void Tree::copy_below(Node& node, Nodes& nodes, Edges& edges, std::vector<Handle>& copied) const {
  if (node.edge_count > 0) {
    const Handle moved = edges.allocate(node.edge_count);
    std::copy_n(edges_.at(node.edges), node.edge_count, edges.at(moved));
    node.edges = moved;
  }
  if (node.child_count == 0) return;
  node.capacity_log2 = static_cast<std::uint8_t>(std::bit_width(node.child_count - 1u));
  const Handle moved = nodes.allocate(1u << node.capacity_log2);
  std::copy_n(nodes_.at(node.children), node.child_count, nodes.at(moved));
  node.children = moved;
  for (Handle i = 0; i < node.child_count; ++i) copied.push_back(moved + i);
}

}  // namespace az
