// Rules: bitboards, positions, legal moves, games.
#include <algorithm>
#include <vector>

#include "check.h"
#include "chess/error.h"
#include "chess/fen.h"
#include "chess/game.h"
#include "chess/movegen_variants.h"
#include "chess/perft.h"
#include "chess/uci.h"
#include "random_games.h"

namespace az::test {

namespace {

struct PerftCase {
  const char* fen;
  bool chess960;
  int depth;
  std::uint64_t nodes;
};

constexpr PerftCase kPerft[] = {
    {"rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1", false, 4, 197281},
    {"r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq -", false, 3, 97862},
    {"8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - -", false, 5, 674624},
    {"r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq -", false, 4, 422333},
    {"rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ -", false, 3, 62379},
    {"bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9", true, 4, 326672},
    {"2nnrbkr/p1qppppp/8/1ppb4/6PP/3PP3/PPP2P2/BQNNRBKR w HEhe - 1 9", true, 3, 18002},
};

Game play(std::string_view fen, std::initializer_list<const char*> moves) {
  Game game = Game::from_fen(fen);
  for (const char* uci : moves) game.push(parse_uci(game.position(), uci));
  return game;
}

bool has_move(const Position& position, std::string_view uci) {
  const MoveList moves = legal_moves(position);
  return std::any_of(moves.begin(), moves.end(),
                     [&](Move move) { return to_uci(position, move) == uci; });
}

void sliders_stop_at_the_first_piece() {
  const Bitboard occupied = Bitboard(Square::at(3, 5)) | Bitboard(Square::at(5, 3));
  const Bitboard rook = rook_attacks(Square::at(3, 3), occupied);
  CHECK(rook.count() == 3 + 3 + 2 + 2);
  CHECK(rook.has(Square::at(3, 5)) && !rook.has(Square::at(3, 6)));
  CHECK(bishop_attacks(Square(0), kNone).count() == 7);
  CHECK(between(Square(0), Square(63)).count() == 6);
  CHECK(between(Square(0), Square(10)).empty());
}

void both_generators_count_the_known_trees() {
  for (const PerftCase& c : kPerft) {
    const Position position = parse_fen(c.fen, c.chess960);
    CHECK(PortableMovegen::perft(position, c.depth) == c.nodes);
    if (has_fast_bits()) CHECK(FastMovegen::perft(position, c.depth) == c.nodes);
    std::uint64_t sum = 0;
    for (const auto& [move, nodes] : perft_divide(position, c.depth)) sum += nodes;
    CHECK(sum == c.nodes);
  }
}

void key_and_fen_survive_a_round_trip() {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    play_random_game(Game(), seed, 300, [](const Game& game) {
      const Position& position = game.position();
      const Position again = parse_fen(to_fen(position, EnPassantStyle::always));
      CHECK(again == position);
      CHECK(count_legal_moves(position) == static_cast<int>(legal_moves(position).size()));
      for (Move move : legal_moves(position)) {
        CHECK(parse_uci(position, to_uci(position, move)) == move);
      }
    });
  }
}

void castling_follows_the_variant() {
  const char* fen = "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1";
  CHECK(has_move(parse_fen(fen), "e1g1") && has_move(parse_fen(fen), "e1c1"));
  CHECK(has_move(parse_fen(fen, true), "e1h1") && has_move(parse_fen(fen, true), "e1a1"));
  CHECK(parse_uci(parse_fen(fen), "e1h1").is_castle());
  CHECK(to_fen(play(fen, {"e1g1"}).position()) == "r3k2r/8/8/8/8/8/8/R4RK1 b kq - 1 1");
  CHECK(to_fen(play(fen, {"a1a8"}).position()) == "R3k2r/8/8/8/8/8/8/4K2R b Kk - 0 1");
}

void en_passant_counts_only_where_it_is_legal() {
  const Game pinned = play("8/8/8/8/k2p3R/8/4P3/4K3 w - - 0 1", {"e2e4"});
  CHECK(pinned.position().en_passant() && !pinned.position().has_legal_en_passant());
  const Game free = play("8/8/8/8/3p3R/k7/4P3/4K3 w - - 0 1", {"e2e4"});
  CHECK(free.position().has_legal_en_passant() && has_move(free.position(), "d4e3"));
  CHECK(to_fen(pinned.position(), EnPassantStyle::always).find(" e3 ") != std::string::npos);
}

void repetitions_are_counted_to_the_last_irreversible_move() {
  Game game = play(kStartFen, {"g1f3", "g8f6", "f3g1", "f6g8"});
  CHECK(game.repetitions() == 1 && game.repeats_since(0) && !game.repeats_since(1));
  for (const char* uci : {"g1f3", "g8f6", "f3g1", "f6g8"}) {
    game.push(parse_uci(game.position(), uci));
  }
  CHECK(game.repetitions() == 2);
  CHECK(game.outcome(true)->termination == Termination::threefold_repetition);
  CHECK(!game.outcome(false));
  game.truncate(4);
  CHECK(game.repetitions() == 1 && game.plies() == 4);
  game.push(parse_uci(game.position(), "e2e4"));
  CHECK(game.repetitions() == 0);
}

void a_board_full_of_queens_fits_the_list() {
  const char* fen = "Q1QQQQQ1/R6Q/1Q5Q/Q3Q3/Q1Q4Q/Q4Q1Q/pp1Q3Q/kBQ1QKQ1 w - - 0 1";
  const Position position = parse_fen(fen);
  CHECK(count_legal_moves(position) == 249);
  CHECK(static_cast<int>(legal_moves(position).size()) == count_legal_moves(position));
}

void games_end_as_they_should() {
  const auto ending = [](const char* fen) { return Game::from_fen(fen).outcome(true); };
  const auto mate = ending("rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3");
  CHECK((mate == Outcome{Termination::checkmate, Color::black}));
  CHECK(ending("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1")->termination == Termination::stalemate);
  CHECK(ending("7k/8/6K1/8/8/8/8/6B1 b - - 0 1")->termination ==
        Termination::insufficient_material);
  CHECK(ending("7k/8/6K1/8/8/8/8/6R1 b - - 100 80")->termination == Termination::fifty_moves);
  CHECK(ending("7k/8/6K1/8/8/8/8/6R1 b - - 150 99")->termination == Termination::seventyfive_moves);
  CHECK(!ending("7k/8/6K1/8/8/8/8/6R1 b - - 99 80"));
}

void nonsense_is_refused() {
  const auto fen = [](const char* text) { return parse_fen(text); };
  CHECK_THROWS(fen(""), PositionError, "1 to 6 fields");
  CHECK_THROWS(fen("8/8/8/8/8/8/8 w"), PositionError, "8 ranks");
  CHECK_THROWS(fen("9/8/8/8/8/8/8/8"), PositionError, "digits 1-8");
  CHECK_THROWS(fen("8/8/8/8/8/8/8/7"), PositionError, "8 squares");
  CHECK_THROWS(fen("8/8/8/8/8/8/8/44"), PositionError, "no two digits");
  CHECK_THROWS(fen("8/8/8/8/8/8/8/8"), PositionError, "exactly one king for white, got 0");
  CHECK_THROWS(fen("k7/8/8/8/8/8/8/P6K"), PositionError, "no pawns on ranks 1 and 8");
  CHECK_THROWS(fen("k7/8/8/8/8/8/8/K6R x"), PositionError, "'w' or 'b'");
  CHECK_THROWS(fen("k7/8/8/8/8/8/8/K6R w x"), PositionError, "castling letters");
  CHECK_THROWS(fen("k7/8/8/8/8/8/8/K6R w - e9"), PositionError, "en passant");
  CHECK_THROWS(fen("k7/8/8/8/8/8/8/K6R w - - -1"), PositionError, "half-move clock");
  CHECK_THROWS(fen("k7/8/8/8/8/8/8/K6R w - - 0 99999"), PositionError, "full-move number");
  CHECK_THROWS(fen("k7/R7/8/8/8/8/8/K7 w - -"), PositionError, "no check");
  CHECK_THROWS(parse_uci(Position::start(), "e2e5"), PositionError, "expected a legal move");
}

}  // namespace

void test_chess() {
  sliders_stop_at_the_first_piece();
  both_generators_count_the_known_trees();
  key_and_fen_survive_a_round_trip();
  castling_follows_the_variant();
  en_passant_counts_only_where_it_is_legal();
  repetitions_are_counted_to_the_last_irreversible_move();
  a_board_full_of_queens_fits_the_list();
  games_end_as_they_should();
  nonsense_is_refused();
}

}  // namespace az::test
