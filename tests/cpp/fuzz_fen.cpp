// Fuzz target: any bytes as a FEN are either refused or give a position that survives use.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "chess/error.h"
#include "chess/fen.h"
#include "chess/game.h"
#include "encode/encoding.h"

namespace {

void use(const az::Position& position) {
  const bool same = az::parse_fen(az::to_fen(position, az::EnPassantStyle::always),
                                  position.chess960()) == position;
  if (!same) std::abort();
  std::vector<float> planes(119 * 64);
  az::encode(az::Encoding::az119, az::Game(position), planes);
  for (az::Move move : az::legal_moves(position)) {
    az::Game game(position);
    game.push(move);
    if (game.position()
            .attackers(!position.turn(), game.position().king(position.turn()),
                       game.position().occupied())
            .any()) {
      std::abort();
    }
    (void)game.outcome(true);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (bool chess960 : {false, true}) {
    try {
      use(az::parse_fen(text, chess960));
    } catch (const az::PositionError&) {
    }
  }
  return 0;
}
