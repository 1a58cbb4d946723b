// How many children a block has room for: a power of two.
#pragma once

#include <bit>
#include <cstdint>

namespace az {

class BlockSize {
 public:
  static constexpr int kSizes = 11;  // up to 1024: more than there are moves

  [[nodiscard]] static constexpr BlockSize at_step(int step) {
    BlockSize size;
    size.step_ = static_cast<std::uint8_t>(step);
    return size;
  }
  // The smallest that has room for so many, and the largest that takes no more; count is not 0.
  [[nodiscard]] static constexpr BlockSize at_least(std::uint32_t count) {
    return at_step(static_cast<int>(std::bit_width(count - 1)));
  }
  [[nodiscard]] static constexpr BlockSize at_most(std::uint32_t count) {
    return at_step(static_cast<int>(std::bit_width(count)) - 1);
  }

  [[nodiscard]] constexpr std::uint32_t room() const { return 1u << step_; }
  [[nodiscard]] constexpr BlockSize next() const { return at_step(step_ + 1); }
  // Its place in the row of sizes, from 0 to kSizes - 1.
  [[nodiscard]] constexpr int step() const { return step_; }

 private:
  std::uint8_t step_ = 0;
};

static_assert(BlockSize::at_least(1).room() == 1 && BlockSize::at_least(5).room() == 8);
static_assert(BlockSize::at_most(1).room() == 1 && BlockSize::at_most(7).room() == 4);
static_assert(BlockSize::at_least(704).step() < BlockSize::kSizes);

}  // namespace az
