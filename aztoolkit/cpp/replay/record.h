// A finished game as it comes from elsewhere, before anything has been checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace az {

// The vectors have an entry for each ply; train/replay.py explains the fields.
struct GameRecord {
  std::string start_fen;
  std::vector<std::string> moves;                         // UCI
  std::vector<std::uint8_t> searched;                     // whether the ply is a policy target
  std::vector<std::vector<std::uint16_t>> policy_index;   // az4672, of moves with a weight
  std::vector<std::vector<std::uint16_t>> policy_weight;  // above 0
  std::vector<std::vector<std::uint16_t>> wdl;            // empty: the result is the target
  int result = 0;                                         // +1 White won, 0 drawn, -1 Black won
};

}  // namespace az
