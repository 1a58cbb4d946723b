#include "mcts/result.h"

#include <algorithm>
#include <limits>
#include <span>
#include <tuple>

#include "chess/mate.h"

namespace az {

namespace {

End opposite(End end) { return end == End::win ? End::loss : end == End::loss ? End::win : end; }

PlainMove plain(Move move, bool chess960) {
  const bool two_steps = move.is_castle() && !chess960;
  const Square to = two_steps ? castled_king(move.from(), move.to()) : move.to();
  const int promotion = move.is_promotion() ? index_of(move.promotion()) + 1 : 0;
  return {static_cast<std::uint8_t>(move.from().index()), static_cast<std::uint8_t>(to.index()),
          static_cast<std::uint8_t>(promotion)};
}

// A proven win, else the most visited child of those not proven lost; below the root a visited one,
// lost or not.
std::size_t best_child(std::span<const Node> children, bool of_root) {
  const auto worth = [of_root](const Node& child) {
    const bool visited = child.visits > 0;
    return std::tuple(visited && child.end == End::win, visited || of_root, child.end != End::loss,
                      child.visits);
  };
  return std::ranges::max_element(children, {}, worth) - children.begin();
}

// The best move, visited or not, its best answer, and so on as far as they were visited, and the
// mate that ends them; `first` at the root, unless there is a win.
std::vector<PlainMove> principal_variation(const Tree& tree, std::optional<std::size_t> first,
                                           Position position) {
  std::vector<PlainMove> moves;
  const Node* node = &tree.root();
  while (node->child_count > 0) {
    const auto children = tree.children(*node);
    std::size_t best = best_child(children, moves.empty());
    if (first && moves.empty() && children[best].end != End::win) best = *first;
    if (!moves.empty() && children[best].visits == 0) break;
    const Move move = tree.edges(*node)[best].move;
    moves.push_back(plain(move, position.chess960()));
    position.push(move);
    node = &children[best];
  }
  if (node->end == End::loss && node->child_count == 0) {
    if (const auto mate = find_mate(position)) moves.push_back(plain(*mate, position.chess960()));
  }
  return moves;
}

void write_wdl(const Node& root, SearchResult& result) {
  result.end = opposite(root.end);
  if (result.end == End::win || result.end == End::loss) {
    result.win = result.end == End::win ? 1.0 : 0.0;
    result.draw = 0.0;
    result.loss = 1.0 - result.win;
    return;
  }
  result.draw = root.draw_sum / root.visits;
  result.win = (1.0 - result.draw - root.value()) / 2.0;
  result.loss = 1.0 - result.win - result.draw;
}

void add_rows(const Search& search, const Node& node, int depth, std::vector<TreeRow>& rows) {
  const Tree& tree = search.tree();
  const bool chess960 = search.game().position().chess960();
  const auto edges = tree.edges(node);
  const auto children = tree.children(node);
  for (std::size_t i = 0; i < children.size(); ++i) {
    const Node& child = children[i];
    if (child.visits == 0) continue;
    rows.push_back({depth, plain(edges[i].move, chess960), child.visits, edges[i].prior,
                    child.value_sum, child.draw_sum, child.end});
    add_rows(search, child, depth + 1, rows);
  }
}

}  // namespace

SearchResult result_of(const Search& search) {
  const Tree& tree = search.tree();
  const Node& root = tree.root();
  const bool chess960 = search.game().position().chess960();
  SearchResult result;
  const auto edges = tree.edges(root);
  const auto children = tree.children(root);
  for (std::size_t i = 0; i < children.size(); ++i) {
    const Node& child = children[i];
    const double value =
        child.visits > 0 ? child.best_known_value() : std::numeric_limits<double>::quiet_NaN();
    result.moves.push_back({plain(edges[i].move, chess960), edges[i].index, child.visits,
                            edges[i].prior, value, child.end});
  }
  write_wdl(root, result);
  if (search.gumbel()) {
    result.improved = improved_policy(tree, root, search.config());
    result.chosen = search.gumbel()->best(tree, search.config());
  }
  result.pv = principal_variation(tree, result.chosen, search.game().position());
  return result;
}

std::vector<TreeRow> rows_of(const Search& search) {
  const Node& root = search.tree().root();
  std::vector<TreeRow> rows{{0, {}, root.visits, 1.0f, root.value_sum, root.draw_sum, root.end}};
  add_rows(search, root, 1, rows);
  return rows;
}

}  // namespace az
