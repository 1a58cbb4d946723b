// Fuzz target: a FEN on the first line, then UCI moves; each is refused or legal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "chess/error.h"
#include "chess/game.h"
#include "chess/uci.h"
#include "encode/encoding.h"

namespace {

std::string_view take(std::string_view& text, char until) {
  const std::size_t end = std::min(text.find(until), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

void play(std::string_view text, bool chess960) {
  az::Game game = az::Game::from_fen(take(text, '\n'), chess960);
  while (!text.empty()) {
    const az::Move move = az::parse_uci(game.position(), take(text, ' '));
    for (az::ActionSpace space : {az::ActionSpace::az4672, az::ActionSpace::lc0_1858}) {
      const int index = az::move_index(space, game.position(), move);
      if (az::move_of_index(space, game.position(), index) != move) std::abort();
    }
    game.push(move);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (bool chess960 : {false, true}) {
    try {
      play(text, chess960);
    } catch (const az::PositionError&) {
    }
  }
  return 0;
}
