#include "mcts/tree.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "mcts/priors.h"

namespace az {

Tree::Tree(std::size_t memory_bytes, double policy_temperature)
    : limit_bytes_(memory_bytes / 2), policy_temperature_(policy_temperature) {
  clear();
}

bool Tree::has_room() const {
  // One simulation adds the edges of one node, and one child, for which a block may grow; that of the
  // root's evaluation gives it all its children.
  constexpr std::size_t kMostEdges = MoveList::kCapacity * sizeof(Edge);
  constexpr std::size_t kMostNodes = 3 * MoveList::kCapacity * sizeof(Node);
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
    if (slot == 0) {
      write_priors(edges(parent), policy_temperature_);
      bring_best_first(edges(parent));
    }
    add_child(parent);
    bring_best_first(edges(parent).subspan(parent.child_count));
  }
  return nodes_.at(parent.children)[slot];
}

void Tree::add_all_children() {
  if (root().child_count == 0) move_children(root(), BlockSize::at_least(root().edge_count));
  for (std::size_t slot = root().child_count; slot < root().edge_count; ++slot) {
    (void)child(root(), slot);
  }
}

void Tree::add_child(Node& parent) {
  if (parent.children == 0) {
    move_children(parent, BlockSize());
  } else if (parent.child_count == parent.room()) {
    move_children(parent, parent.block.next());
  }
  nodes_.at(parent.children)[parent.child_count++] = Node{};
  ++node_count_;
}

// Moves the children, if there are any, into another block.
void Tree::move_children(Node& parent, BlockSize size) {
  const Node before = parent;
  parent.block = size;
  parent.children = allocate_block(parent.room());
  if (before.children != 0) {
    std::copy_n(nodes_.at(before.children), before.child_count, nodes_.at(parent.children));
    give_back(before.children, before.room());
  }
}

// Takes the smallest outgrown block that is large enough, and gives back what is too much of it.
Handle Tree::allocate_block(std::uint32_t room) {
  for (int step = BlockSize::at_least(room).step(); step < BlockSize::kSizes; ++step) {
    if (free_[step].empty()) continue;
    const Handle block = free_[step].back();
    free_[step].pop_back();
    give_back(block + room, BlockSize::at_step(step).room() - room);
    return block;
  }
  return nodes_.allocate(room);
}

void Tree::give_back(Handle first, std::uint32_t count) {
  while (count > 0) {
    const BlockSize size = BlockSize::at_most(count);
    free_[size.step()].push_back(first);
    first += size.room();
    count -= size.room();
  }
}

void Tree::clear() {
  nodes_.clear();
  edges_.clear();
  for (auto& blocks : free_) blocks.clear();
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
  for (auto& blocks : free_) blocks.clear();
}

// Copies edges and children of a node that stands in `nodes` already; lists the children's copies.
void Tree::copy_below(Node& node, Nodes& nodes, Edges& edges, std::vector<Handle>& copied) const {
  if (node.edge_count > 0) {
    const Handle moved = edges.allocate(node.edge_count);
    std::copy_n(edges_.at(node.edges), node.edge_count, edges.at(moved));
    node.edges = moved;
  }
  if (node.child_count == 0) return;
  node.block = BlockSize::at_least(node.child_count);
  const Handle moved = nodes.allocate(node.room());
  std::copy_n(nodes_.at(node.children), node.child_count, nodes.at(moved));
  node.children = moved;
  for (Handle i = 0; i < node.child_count; ++i) copied.push_back(moved + i);
}

}  // namespace az
