#include "chess/game.h"

#include <algorithm>
#include <cassert>

#include "chess/fen.h"

namespace az {

namespace {

// Whether nothing that `color` has left can take part in a mate of the other side.
bool cannot_win(const Position& position, Color color) {
  const auto all = [&](PieceType type) { return position.pieces(type); };
  const Bitboard own = position.pieces(color), other = position.pieces(!color);
  if ((own & (all(PieceType::pawn) | all(PieceType::rook) | all(PieceType::queen))).any()) {
    return false;
  }
  if ((own & all(PieceType::knight)).any()) {
    const Bitboard helpers = other & ~all(PieceType::king) & ~all(PieceType::queen);
    return own.count() <= 2 && helpers.empty();
  }
  const Bitboard bishops = all(PieceType::bishop);
  if ((own & bishops).any()) {
    const bool one_color = (bishops & kDarkSquares).empty() || (bishops & kLightSquares).empty();
    return one_color && all(PieceType::pawn).empty() && all(PieceType::knight).empty();
  }
  return true;
}

constexpr int kMaxRepetitions = 255;

}  // namespace

bool is_insufficient_material(const Position& position) {
  return cannot_win(position, Color::white) && cannot_win(position, Color::black);
}

Game::Game(const Position& start) : frames_{Frame{start}}, keys_{start.key()} {}

Game Game::from_fen(std::string_view fen, bool chess960) { return Game(parse_fen(fen, chess960)); }

void Game::push(Move move) {
  frames_.push_back({position().after(move)});
  keys_.push_back(position().key());
  moves_.push_back(move);
  const int first = std::max(0, plies() - position().halfmove_clock());
  frames_.back().repetitions = static_cast<std::uint8_t>(count_repetitions(first, kMaxRepetitions));
}

void Game::pop() {
  assert(plies() > 0);
  frames_.pop_back();
  keys_.pop_back();
  moves_.pop_back();
}

void Game::truncate(int plies) {
  while (this->plies() > plies) pop();
}

void Game::reserve(int more_plies) {
  const std::size_t wanted = frames_.size() + static_cast<std::size_t>(more_plies);
  frames_.reserve(wanted);
  keys_.reserve(wanted);
  moves_.reserve(wanted);
}

// Counts earlier occurrences of the current position from ply `first` on. Two plies apart the
// same side is to move, and no position recurs in fewer than four.
int Game::count_repetitions(int first, int limit) const {
  int count = 0;
  for (int ply = plies() - 4; ply >= first && count < limit; ply -= 2) {
    count += keys_[ply] == keys_.back();
  }
  return count;
}

bool Game::repeats_since(int plies) const {
  if (repetitions() == 0) return false;
  const int first = std::max(plies, this->plies() - position().halfmove_clock());
  return count_repetitions(std::max(0, first), 1) > 0;
}

std::optional<Outcome> Game::outcome(bool claim_draw) const {
  return outcome(claim_draw, static_cast<std::size_t>(count_legal_moves(position())));
}

std::optional<Outcome> Game::outcome(bool claim_draw, std::size_t legal_moves) const {
  constexpr int kThreefold = 2, kFivefold = 4;  // earlier occurrences
  const auto draw = [](Termination why) { return Outcome{why, std::nullopt}; };
  if (legal_moves == 0 && position().is_check()) {
    return Outcome{Termination::checkmate, !position().turn()};
  }
  if (is_insufficient_material(position())) return draw(Termination::insufficient_material);
  if (legal_moves == 0) return draw(Termination::stalemate);
  if (is_seventyfive_moves()) return draw(Termination::seventyfive_moves);
  if (repetitions() >= kFivefold) return draw(Termination::fivefold_repetition);
  if (claim_draw && is_fifty_moves()) return draw(Termination::fifty_moves);
  if (claim_draw && repetitions() >= kThreefold) return draw(Termination::threefold_repetition);
  return std::nullopt;
}

}  // namespace az
