// What the C++ core throws when it is handed something that is not chess.
#pragma once

#include <stdexcept>

namespace az {

// A FEN, a move or a board that makes no sense; the text says what was expected and what was got.
class PositionError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

}  // namespace az
