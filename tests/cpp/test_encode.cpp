// Encodings: every plane is written, every legal move has an index of its own and comes back.
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "check.h"
#include "chess/uci.h"
#include "encode/encoding.h"
#include "random_games.h"

namespace az::test {

namespace {

constexpr Encoding kEncodings[] = {Encoding::az119, Encoding::lc0_112};
constexpr ActionSpace kSpaces[] = {ActionSpace::az4672, ActionSpace::lc0_1858};

template <class Visit>
void visit_positions(Visit visit) {
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    play_random_game(Game(), seed, 200, visit);
    play_random_game(Game::from_fen("nrbkqbrn/pppppppp/8/8/8/8/PPPPPPPP/NRBKQBRN w GBgb -", true),
                     seed, 200, visit);
  }
}

void every_value_is_written() {
  visit_positions([](const Game& game) {
    for (Encoding encoding : kEncodings) {
      const std::size_t size = static_cast<std::size_t>(plane_count(encoding)) * kSquares;
      std::vector<float> planes(size, std::numeric_limits<float>::quiet_NaN());
      encode(encoding, game, planes);
      for (float value : planes) CHECK(!std::isnan(value));
    }
  });
}

void every_move_has_an_index_of_its_own() {
  visit_positions([](const Game& game) {
    for (ActionSpace space : kSpaces) {
      std::set<int> seen;
      for (Move move : legal_moves(game.position())) {
        const int index = move_index(space, game.position(), move);
        CHECK(index >= 0 && index < action_count(space));
        CHECK(seen.insert(index).second);
        CHECK(move_of_index(space, game.position(), index) == move);
      }
    }
  });
}

void known_moves_have_their_documented_index() {
  const auto index = [](ActionSpace space, const char* fen, const char* uci) {
    const Game game = Game::from_fen(fen);
    return move_index(space, game.position(), parse_uci(game.position(), uci));
  };
  const char* start = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
  CHECK(index(ActionSpace::lc0_1858, start, "e2e4") == 322);
  CHECK(index(ActionSpace::lc0_1858, start, "b1a3") == 34);
  CHECK(index(ActionSpace::az4672, start, "e2e4") == 1 * 64 + 12);
  CHECK(index(ActionSpace::az4672, start, "g1f3") == 63 * 64 + 6);
  const char* promotion = "1n5k/P7/8/8/8/8/8/K7 w - - 0 1";
  CHECK(index(ActionSpace::lc0_1858, promotion, "a7a8q") == 1792);
  CHECK(index(ActionSpace::lc0_1858, promotion, "a7b8b") == 1797);
  CHECK(index(ActionSpace::az4672, promotion, "a7a8n") == 65 * 64 + 48);
  CHECK(index(ActionSpace::az4672, promotion, "a7b8r") == 72 * 64 + 48);
}

}  // namespace

void test_encode() {
  every_value_is_written();
  every_move_has_an_index_of_its_own();
  known_moves_have_their_documented_index();
}

}  // namespace az::test
