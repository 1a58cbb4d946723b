// Positions as text: Forsyth-Edwards Notation, with X-FEN and Shredder-FEN castling fields.
#pragma once

#include <string>
#include <string_view>

#include "chess/position.h"

namespace az {

inline constexpr std::string_view kStartFen =
    "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";

// Reads a FEN; fields missing at the end take their usual values ("w - - 0 1").
// Throws PositionError.
[[nodiscard]] Position parse_fen(std::string_view fen, bool chess960 = false);

// Which en passant squares are written: those where a capture is legal, or all passed over.
enum class EnPassantStyle { legal, always };

// Writes a FEN with an X-FEN castling field.
[[nodiscard]] std::string to_fen(const Position& position,
                                 EnPassantStyle style = EnPassantStyle::legal);

}  // namespace az
