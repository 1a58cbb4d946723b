// Search: invariants of the tree, reuse over games, pools, memory, Gumbel's schedule.
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "check.h"
#include "chess/uci.h"
#include "mcts/block_size.h"
#include "mcts/game_pool.h"
#include "mcts/result.h"
#include "random_games.h"

namespace az::test {

namespace {

constexpr std::size_t kPlanes = 119 * 64, kActions = 4672;

// Logits that follow from the planes, different for different positions.
class FakeNetwork {
 public:
  explicit FakeNetwork(std::size_t batch)
      : planes_(batch * kPlanes), policy_(batch * kActions), wdl_(batch * 3) {}

  [[nodiscard]] std::span<float> planes() { return planes_; }

  void answer(std::size_t leaves) {
    for (std::size_t i = 0; i < leaves; ++i) {
      double key = 0.0;
      for (std::size_t j = 0; j < kPlanes; ++j) key += planes_[i * kPlanes + j] * std::sin(1.0 + j);
      for (std::size_t j = 0; j < kActions; ++j) {
        policy_[i * kActions + j] = static_cast<float>(std::sin(key * (1.0 + j)));
      }
      for (std::size_t j = 0; j < 3; ++j) {
        wdl_[i * 3 + j] = static_cast<float>(std::sin(key + j));
      }
    }
  }
  [[nodiscard]] std::span<const float> policy(std::size_t leaves) const {
    return {policy_.data(), leaves * kActions};
  }
  [[nodiscard]] std::span<const float> wdl(std::size_t leaves) const {
    return {wdl_.data(), leaves * 3};
  }

 private:
  std::vector<float> planes_, policy_, wdl_;
};

template <class Driven>
void run(Driven& driven, FakeNetwork& network) {
  while (!driven.done()) {
    const std::size_t leaves = driven.gather(network.planes());
    network.answer(leaves);
    driven.apply(network.policy(leaves), network.wdl(leaves));
  }
}

SearchConfig config_of(Algorithm algorithm, int batch_size) {
  SearchConfig config;
  config.algorithm = algorithm;
  config.batch_size = batch_size;
  config.noise_fraction = 0.25;
  return config;
}

// Visits are the sum of the children's and one's own, priors fall, nothing is in flight.
void check_below(const Tree& tree, const Node& node) {
  CHECK(node.in_flight == 0);
  const auto children = tree.children(node);
  if (children.empty()) return;
  std::uint32_t visits = 0;
  for (const Node& child : children) {
    visits += child.visits;
    check_below(tree, child);
  }
  CHECK(node.end == End::none ? node.visits == visits + 1 : node.visits > visits);
  if (&node == &tree.root()) return;  // there is noise at the root
  const auto edges = tree.edges(node);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const std::size_t known = std::min(i, children.size());
    CHECK(edges[known].prior >= edges[i + 1].prior);
  }
}

void trees_are_sound_over_random_games() {
  for (Algorithm algorithm : {Algorithm::puct, Algorithm::gumbel}) {
    for (std::uint32_t seed = 0; seed < 6; ++seed) {
      Search search(config_of(algorithm, 1 + 7 * static_cast<int>(seed % 2)));
      FakeNetwork network(8);
      const bool chess960 = seed % 3 == 0;
      Game start =
          chess960 ? Game::from_fen("nrbkqbrn/pppppppp/8/8/8/8/PPPPPPPP/NRBKQBRN w GBgb -", true)
                   : Game();
      search.set_game(start);
      play_random_game(start, seed, 60, [&](const Game& game) {
        if (count_legal_moves(game.position()) == 0) return;
        if (game.plies() > 0) search.push(game.moves().back());
        search.start(60);
        run(search, network);
        const bool decided = search.tree().root().end != End::none;
        CHECK(decided || search.simulations() == 60);
        CHECK(search.game().plies() == game.plies());
        check_below(search.tree(), search.tree().root());
        const SearchResult result = result_of(search);
        CHECK(result.moves.size() == legal_moves(game.position()).size());
        CHECK(!result.pv.empty() && result.chosen.value_or(0) < result.moves.size());
        CHECK(rows_of(search).size() <= search.tree().node_count());
      });
    }
  }
}

void a_pool_finds_what_a_search_finds_alone() {
  const SearchConfig config = config_of(Algorithm::puct, 4);
  Search alone(config), one(config), other(config);
  GamePool pool({&one, &other});
  FakeNetwork small(4), large(8);
  for (Search* search : {&alone, &one, &other}) search->start(100);
  run(alone, small);
  run(pool, large);
  for (const Search* search : {&one, &other}) {
    CHECK(rows_of(*search).size() == rows_of(alone).size());
    CHECK(search->tree().root().value_sum == alone.tree().root().value_sum);
  }
}

void a_mate_is_proven() {
  SearchConfig config;
  Search search(config);
  FakeNetwork network(16);
  search.set_game(Game::from_fen("kbK5/pp6/1P6/8/8/8/8/R7 w - - 0 1", false));
  search.start(2000);
  run(search, network);
  const SearchResult result = result_of(search);
  CHECK(result.end == End::win);
  std::size_t wins = 0;
  for (const RootMove& move : result.moves) wins += move.end == End::win;
  CHECK(wins == 1);
}

void memory_is_bounded() {
  SearchConfig config;
  config.memory_bytes = std::size_t{1} << 20;
  Search search(config);
  FakeNetwork network(16);
  for (int i = 0; i < 4; ++i) {
    search.start(20000);
    run(search, network);
    CHECK(search.out_of_memory());
    CHECK(search.tree().held_bytes() < config.memory_bytes + (std::size_t{1} << 19));
    check_below(search.tree(), search.tree().root());
    search.push(search.tree().edges(search.tree().root())[0].move);
  }
}

void waiting_leaves_may_be_forgotten() {
  Search search(config_of(Algorithm::puct, 8));
  FakeNetwork network(8);
  search.start(100);
  run(search, network);
  search.start(100);
  CHECK(search.gather(network.planes()) > 0);
  search.push(search.tree().edges(search.tree().root())[0].move);
  search.start(10);
  run(search, network);
  check_below(search.tree(), search.tree().root());
  Search unevaluated(config_of(Algorithm::puct, 8));
  unevaluated.start(10);
  unevaluated.push(parse_uci(unevaluated.game().position(), "e2e4"));
  unevaluated.start(10);
  run(unevaluated, network);
  CHECK(unevaluated.tree().root().visits == 10);
}

void halving_shares_simulations_out() {
  Halving halving(16, 32);
  std::vector<std::uint32_t> rounds;
  for (int i = 0; i < 32; ++i) {
    rounds.push_back(halving.round());
    halving.advance();
  }
  for (int i = 0; i < 32; ++i) {
    const std::uint32_t expected = i < 16 ? 0 : i < 24 ? 1 : i < 28 ? 2 : 3;
    CHECK(rounds[i] == expected);
  }
}

void random_numbers_are_splitmix() {
  Random random(1234567);
  CHECK(std::abs(random.uniform() - 6457827717110365317.0 / 18446744073709551616.0) < 1e-15);
}

}  // namespace

void test_mcts() {
  trees_are_sound_over_random_games();
  a_pool_finds_what_a_search_finds_alone();
  a_mate_is_proven();
  memory_is_bounded();
  waiting_leaves_may_be_forgotten();
  halving_shares_simulations_out();
  random_numbers_are_splitmix();
}

}  // namespace az::test
