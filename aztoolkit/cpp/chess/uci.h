// Moves as text, in the notation of the Universal Chess Interface: "e2e4", "e7e8q".
#pragma once

#include <string>
#include <string_view>

#include "chess/position.h"

namespace az {

[[nodiscard]] std::string to_string(Square square);

// Castling is the king's two steps ("e1g1"), in Chess960 king takes rook ("e1h1").
[[nodiscard]] std::string to_uci(const Position& position, Move move);

// The legal move written as `uci`. Castling may be written either way, except that in Chess960
// an ordinary king move wins over castling. Throws PositionError when nothing legal matches.
[[nodiscard]] Move parse_uci(const Position& position, std::string_view uci);

}  // namespace az
