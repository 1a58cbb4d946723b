// How many children a block has room for: 1, 2, 3, 4, 6, 8, 12, 16, 24, ..., 768.
#pragma once

#include <cstdint>

namespace az {

class BlockSize {
 public:
  static constexpr int kSizes = 19;

  [[nodiscard]] static constexpr BlockSize at_step(int step) {
    BlockSize size;
    size.step_ = static_cast<std::uint8_t>(step);
    return size;
  }
  // The smallest that has room for so many.
  [[nodiscard]] static constexpr BlockSize at_least(std::uint32_t count) {
    BlockSize size;
    while (size.room() < count) size = size.next();
    return size;
  }

  // The largest that takes no more than so many, which is at least one.
  [[nodiscard]] static constexpr BlockSize at_most(std::uint32_t count) {
    BlockSize size;
    while (size.next().room() <= count) size = size.next();
    return size;
  }

  [[nodiscard]] constexpr std::uint32_t room() const {
    if (step_ == 0) return 1;
    return (step_ % 2 == 1 ? 2u : 3u) << ((step_ - 1) / 2);
  }
  [[nodiscard]] constexpr BlockSize next() const { return at_step(step_ + 1); }
  // Its place in the row of sizes, from 0 to kSizes - 1.
  [[nodiscard]] constexpr int step() const { return step_; }

 private:
  std::uint8_t step_ = 0;
};

static_assert(BlockSize::at_least(4).room() == 4 && BlockSize::at_least(5).room() == 6);
static_assert(BlockSize::at_least(704).room() == 768);
static_assert(BlockSize::at_least(704).step() < BlockSize::kSizes);

}  // namespace az
