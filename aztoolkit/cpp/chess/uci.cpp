#include "chess/uci.h"

#include "chess/error.h"
#include "chess/fen.h"
#include "chess/movegen.h"

namespace az {

namespace {

constexpr std::string_view kPromotionLetters = "pnbrq";

std::string text_of(Move move, Square to) {
  std::string text = to_string(move.from()) + to_string(to);
  if (move.is_promotion()) text += kPromotionLetters[index_of(move.promotion())];
  return text;
}

std::string takes_rook(Move move) { return text_of(move, move.to()); }
std::string two_steps(Move move) { return text_of(move, castled_king(move.from(), move.to())); }

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 20;
  std::string out;
  for (char c : text.substr(0, kLongest)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

}  // namespace

std::string to_string(Square square) {
  return {static_cast<char>('a' + square.file()), static_cast<char>('1' + square.rank())};
}

std::string to_uci(const Position& position, Move move) {
  return move.is_castle() && !position.chess960() ? two_steps(move) : takes_rook(move);
}

Move parse_uci(const Position& position, std::string_view uci) {
  Move castling;
  for (Move move : legal_moves(position)) {
    if (!move.is_castle() && uci == takes_rook(move)) return move;
    if (move.is_castle() && (uci == takes_rook(move) || uci == two_steps(move))) castling = move;
  }
  if (castling) return castling;
  throw PositionError("expected a legal move in " + to_fen(position) + ", got '" + printable(uci) +
                      "'");
}

}  // namespace az
