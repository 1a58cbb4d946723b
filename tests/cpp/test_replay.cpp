// Replay: what is rebuilt from a stored game is what the game itself gives; nothing else gets in.
#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "chess/error.h"
#include "chess/fen.h"
#include "chess/uci.h"
#include "encode/encoding.h"
#include "random_games.h"
#include "replay/buffer.h"

namespace az::test {

namespace {

constexpr std::size_t kPlaneSize = static_cast<std::size_t>(kAz119Planes) * kSquares;
constexpr std::size_t kPlenty = std::size_t{1} << 30;

// A batch of its own memory, filled with what must not stay.
struct Batch {
  explicit Batch(std::size_t size)
      : planes(size * kPlaneSize, std::numeric_limits<float>::quiet_NaN()),
        policy(size * kAz4672Moves, std::numeric_limits<float>::quiet_NaN()),
        legal(size * kAz4672Moves, 2),
        wdl(size * kOutcomes, std::numeric_limits<float>::quiet_NaN()) {}

  Rows rows() { return {planes, policy, legal, wdl}; }

  std::vector<float> planes, policy;
  std::vector<std::uint8_t> legal;
  std::vector<float> wdl;
};

// A random game whose policy is 1, 2, 3, ... over the legal moves of each ply.
GameRecord random_record(const Game& start, std::uint32_t seed, int plies) {
  GameRecord record;
  record.start_fen = to_fen(start.position(), EnPassantStyle::always);
  record.result = static_cast<int>(seed % 3) - 1;
  Game last;
  play_random_game(start, seed, plies + 1, [&](const Game& game) {
    last = game;
    std::vector<std::uint16_t> indices, weights;
    for (Move move : legal_moves(game.position())) {
      indices.push_back(static_cast<std::uint16_t>(az4672_index(game.position(), move)));
      weights.push_back(static_cast<std::uint16_t>(weights.size() + 1));
    }
    if (indices.empty()) return;
    record.policy_index.push_back(indices);
    record.policy_weight.push_back(weights);
    record.searched.push_back(game.plies() % 3 != 2);
  });
  for (std::size_t ply = 0; ply < last.moves().size(); ++ply) {
    record.moves.push_back(to_uci(last.frames()[ply].position, last.moves()[ply]));
  }
  for (auto* column : {&record.policy_index, &record.policy_weight}) {
    column->resize(record.moves.size());
  }
  record.searched.resize(record.moves.size());
  return record;
}

Game replayed(const GameRecord& record, std::size_t plies) {
  Game game = Game::from_fen(record.start_fen);
  for (std::size_t ply = 0; ply < plies; ++ply) {
    game.push(parse_uci(game.position(), record.moves[ply]));
  }
  return game;
}

void check_row(const GameRecord& record, std::size_t ply, Batch& batch) {
  const Game game = replayed(record, ply);
  std::vector<float> planes(kPlaneSize);
  encode(Encoding::az119, game, planes);
  CHECK(planes == batch.planes);
  const auto& indices = record.policy_index[ply];
  const float sum = static_cast<float>(indices.size() * (indices.size() + 1) / 2);
  for (int action = 0; action < kAz4672Moves; ++action) {
    const auto found = std::find(indices.begin(), indices.end(), action);
    const bool legal = found != indices.end();
    CHECK(batch.legal[action] == (legal ? 1 : 0));
    const float weight = legal ? static_cast<float>(found - indices.begin() + 1) : 0.0f;
    CHECK(batch.policy[action] == weight / sum);
  }
  const int sign = game.position().turn() == Color::white ? 1 : -1;
  for (int i = 0; i < 3; ++i) CHECK(batch.wdl[i] == (sign * record.result == 1 - i ? 1.0f : 0.0f));
}

void every_position_is_rebuilt() {
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    const GameRecord record = random_record(Game(), seed, 60);
    const StoredGame stored(record);
    std::size_t index = 0;
    for (std::size_t ply = 0; ply < record.moves.size(); ++ply) {
      if (!record.searched[ply]) continue;
      Batch batch(1);
      stored.write(index++, false, batch.rows());
      check_row(record, ply, batch);
    }
    CHECK(index == stored.positions());
  }
}

void mirrored_twice_is_as_before() {
  for (int action = 0; action < kAz4672Moves; ++action) {
    CHECK(az4672_mirrored(az4672_mirrored(action)) == action);
  }
  const Game bare = Game::from_fen("r1b1k3/1P4P1/8/3q1N2/2B5/5p2/p7/3QK2R w - - 3 40");
  const StoredGame stored(random_record(bare, 1, 20));
  for (std::size_t i = 0; i < stored.positions(); ++i) {
    Batch upright(1), mirrored(1);
    stored.write(i, false, upright.rows());
    stored.write(i, true, mirrored.rows());
    CHECK(upright.planes != mirrored.planes);
    for (std::size_t square = 0; square < kPlaneSize; ++square) {
      CHECK(upright.planes[square] == mirrored.planes[square ^ 7]);
    }
    for (int action = 0; action < kAz4672Moves; ++action) {
      CHECK(upright.policy[action] == mirrored.policy[az4672_mirrored(action)]);
      CHECK(upright.legal[action] == mirrored.legal[az4672_mirrored(action)]);
    }
  }
}

void labels_are_learned_in_place_of_the_result() {
  GameRecord record = random_record(Game(), 1, 2);
  record.wdl = {{1, 2, 1}, {65535, 0, 0}};
  Batch batch(1);
  StoredGame(record).write(0, false, batch.rows());
  CHECK((batch.wdl == std::vector{0.25f, 0.5f, 0.25f}));
}

void what_is_no_game_is_refused() {
  const GameRecord good = random_record(Game(), 1, 4);
  const auto refused = [&](auto change, const char* complaint) {
    GameRecord record = good;
    change(record);
    CHECK_THROWS(StoredGame(record), PositionError, complaint);
  };
  refused([](GameRecord& r) { r.start_fen = "8/8 w"; }, "8 ranks");
  refused([](GameRecord& r) { r.moves[1] = "e2e5"; }, "at ply 1");
  refused([](GameRecord& r) { r.moves.pop_back(); }, "3 entries a ply, got 4");
  refused([](GameRecord& r) { r.policy_index[0].clear(); }, "at ply 0 expected a weight for each");
  refused([](GameRecord& r) { r.policy_weight[0].pop_back(); }, "at ply 0 expected a weight for");
  refused([](GameRecord& r) { r.policy_weight[1][0] = 0; }, "at ply 1 expected weights above 0");
  refused([](GameRecord& r) { r.policy_index[0][0] = 4671; }, "each once, got 4671");
  refused([](GameRecord& r) { r.policy_index[0][0] = 65535; }, "each once, got 65535");
  refused([](GameRecord& r) { r.policy_index[0][0] = r.policy_index[0][1]; }, "each once");
  refused([](GameRecord& r) { r.wdl = {{1, 1, 1}}; }, "4 entries a ply, got 1");
  refused([](GameRecord& r) { r.wdl.assign(4, {1, 1}); }, "at ply 0 expected win, draw and loss");
  refused([](GameRecord& r) { r.wdl.assign(4, {0, 0, 0}); }, "at ply 0 expected a label above 0");
}

void oldest_games_leave() {
  ReplayBuffer buffer(kPlenty);
  std::uint64_t positions = 0, bytes = 0;
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    buffer.add(random_record(Game(), seed, 30));
    CHECK(buffer.memory().positions > positions && buffer.memory().bytes > bytes);
    positions = buffer.memory().positions;
    bytes = buffer.memory().bytes;
  }
  buffer.limit(positions - 1);
  CHECK(buffer.memory().positions == positions - 1 && buffer.memory().games == 10);
  buffer.limit(positions / 2);
  CHECK(buffer.memory().positions == positions / 2 && buffer.memory().games <= 6);
  buffer.limit(1);
  CHECK(buffer.memory().positions == 1 && buffer.memory().games == 1);

  ReplayBuffer tiny(1);
  for (std::uint32_t seed = 0; seed < 3; ++seed) tiny.add(random_record(Game(), seed, 30));
  CHECK(tiny.memory().games == 1);
}

void places_outside_the_window_are_its_ends() {
  ReplayBuffer buffer(kPlenty);
  Batch batch(4);
  const std::vector<double> places{-0.5, 0.0, 0.9999, 1.0};
  const std::vector<std::uint8_t> mirrored(4, 0);
  CHECK_THROWS(buffer.write(places, mirrored, batch.rows()), PositionError, "got none");
  buffer.add(random_record(Game(), 1, 30));
  buffer.write(places, mirrored, batch.rows());
  const auto row = [&](std::size_t i) {
    return std::vector(batch.planes.begin() + i * kPlaneSize,
                       batch.planes.begin() + (i + 1) * kPlaneSize);
  };
  CHECK(row(0) == row(1) && row(2) == row(3) && row(1) != row(2));
}

void threads_add_and_draw_at_once() {
  ReplayBuffer buffer(kPlenty);
  buffer.limit(100);
  std::vector<GameRecord> records;
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    records.push_back(random_record(Game(), seed, 40));
  }
  buffer.add(records[0]);
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread) {
    threads.emplace_back([&] {
      Batch batch(16);
      std::vector<double> places(16);
      const std::vector<std::uint8_t> mirrored(16, 1);
      for (std::size_t i = 0; i < 16; ++i) places[i] = static_cast<double>(i) / 16;
      while (!done) {
        buffer.write(places, mirrored, batch.rows());
        CHECK(buffer.memory().positions <= 100);
      }
    });
  }
  for (int i = 0; i < 200; ++i) buffer.add(records[i % records.size()]);
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(buffer.memory().positions == 100);
}

}  // namespace

void test_replay() {
  every_position_is_rebuilt();
  mirrored_twice_is_as_before();
  labels_are_learned_in_place_of_the_result();
  what_is_no_game_is_refused();
  oldest_games_leave();
  places_outside_the_window_are_its_ends();
  threads_add_and_draw_at_once();
}

}  // namespace az::test
