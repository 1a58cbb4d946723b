// Blocks of small items that are handed out in order and given back all at once.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace az {

// An item of a pool by number; 0 is none. Half the size of a pointer.
using Handle = std::uint32_t;

// Items live in chunks, so that growing moves nothing:
//
//     chunk 0 [- a a a b b c ...]  chunk 1 [d d d d e ...]      a block never spans two chunks
template <class T, std::uint32_t chunk_items>
class ChunkPool {
  static_assert((chunk_items & (chunk_items - 1)) == 0, "a power of two");

 public:
  // Returns the first of `count` consecutive items, which hold whatever they held before.
  [[nodiscard]] Handle allocate(std::uint32_t count) {
    assert(count <= chunk_items);
    if (next_ % chunk_items + count > chunk_items) next_ += chunk_items - next_ % chunk_items;
    const Handle first = next_;
    next_ += count;
    while (chunks_.size() * chunk_items < next_) {
      chunks_.push_back(std::make_unique_for_overwrite<T[]>(chunk_items));
    }
    return first;
  }

  // Only of items that were allocated.
  [[nodiscard]] T* at(Handle handle) {
    return chunks_[handle / chunk_items].get() + handle % chunk_items;
  }
  [[nodiscard]] const T* at(Handle handle) const {
    return chunks_[handle / chunk_items].get() + handle % chunk_items;
  }

  // Takes everything back but keeps the memory.
  void clear() { next_ = 1; }
  // Frees all chunks that hold nothing.
  void shrink() { chunks_.resize((next_ + chunk_items - 1) / chunk_items); }

  [[nodiscard]] std::size_t used_bytes() const { return next_ * sizeof(T); }
  [[nodiscard]] std::size_t held_bytes() const { return chunks_.size() * chunk_items * sizeof(T); }

 private:
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::uint32_t next_ = 1;  // 0 is none
};

}  // namespace az
