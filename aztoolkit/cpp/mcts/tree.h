// The memory of one search tree: its nodes, its edges, its root.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chess/movegen.h"
#include "encode/encoding.h"
#include "mcts/node.h"

namespace az {

// References to nodes stay valid until another child of the same parent is added, or the tree is
// cut or cleared.
class Tree {
 public:
  // The tree never holds more than `memory_bytes`, give or take a chunk, while it is cut included.
  // Priors are softmax(logits / policy_temperature).
  Tree(std::size_t memory_bytes, double policy_temperature);

  [[nodiscard]] Node& root() { return *nodes_.at(root_); }
  [[nodiscard]] const Node& root() const { return *nodes_.at(root_); }

  [[nodiscard]] std::span<Edge> edges(const Node& node) {
    if (node.edge_count == 0) return {};
    return {edges_.at(node.edges), node.edge_count};
  }
  [[nodiscard]] std::span<const Edge> edges(const Node& node) const {
    if (node.edge_count == 0) return {};
    return {edges_.at(node.edges), node.edge_count};
  }
  // Those that were tried: child i belongs to edge i.
  [[nodiscard]] std::span<Node> children(const Node& node) {
    if (node.child_count == 0) return {};
    return {nodes_.at(node.children), node.child_count};
  }
  [[nodiscard]] std::span<const Node> children(const Node& node) const {
    if (node.child_count == 0) return {};
    return {nodes_.at(node.children), node.child_count};
  }

  // Whether one more simulation surely fits.
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] std::size_t used_bytes() const { return nodes_.used_bytes() + edges_.used_bytes(); }
  [[nodiscard]] std::size_t held_bytes() const;
  [[nodiscard]] std::size_t node_count() const { return node_count_; }
  [[nodiscard]] std::size_t edge_count() const { return edge_count_; }

  // Gives a leaf its moves; priors are still to be written.
  void add_edges(Node& node, const MoveList& moves, ActionSpace space, const Position& position);
  // Returns child `slot`, which is one that is there or the first one that is not.
  [[nodiscard]] Node& child(Node& parent, std::size_t slot);
  // Gives the root all its children.
  void add_all_children();

  // Makes an empty tree.
  void clear();
  // Makes a child of the root the root, to be followed by cut(); false if it was never tried.
  [[nodiscard]] bool advance(Move move);
  // Forgets what can no longer be reached from the root.
  void cut();

 private:
  using Nodes = ChunkPool<Node, 2048>;
  using Edges = ChunkPool<Edge, 8192>;

  void add_child(Node& parent);
  void move_children(Node& parent, BlockSize size);
  [[nodiscard]] Handle allocate_block(std::uint32_t room);
  void give_back(Handle first, std::uint32_t count);
  void copy_below(Node& node, Nodes& nodes, Edges& edges, std::vector<Handle>& copied) const;

  Nodes nodes_, spare_nodes_;  // a cut copies what is kept from one pool to the other
  Edges edges_, spare_edges_;
  std::array<std::vector<Handle>, BlockSize::kSizes> free_;  // outgrown blocks of children, by size
  Handle root_ = 0;
  std::size_t limit_bytes_;  // of one pair of pools
  double policy_temperature_;
  std::size_t node_count_ = 0;
  std::size_t edge_count_ = 0;
};

}  // namespace az
