// What a search is told before it starts; the fields are explained in aztoolkit/mcts/config.py.
#pragma once

#include <cstddef>
#include <cstdint>

#include "encode/encoding.h"

namespace az {

enum class Algorithm : std::uint8_t { puct, gumbel };

struct SearchConfig {
  Algorithm algorithm = Algorithm::puct;
  Encoding encoding = Encoding::az119;
  ActionSpace action_space = ActionSpace::az4672;
  int batch_size = 16;
  double policy_temperature = 1.5;
  double c_puct = 1.75;
  double c_puct_base = 19652.0;
  double fpu_reduction = 0.3;
  double noise_alpha = 0.3;
  double noise_fraction = 0.0;
  int considered_moves = 16;
  double gumbel_scale = 1.0;
  double c_visit = 50.0;
  double c_scale = 0.1;
  bool prove_ends = true;
  bool find_mates = true;
  std::uint64_t seed = 0;
  std::size_t memory_bytes = std::size_t{2} << 30;
};

}  // namespace az
