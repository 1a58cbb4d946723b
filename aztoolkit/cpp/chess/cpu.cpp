#include "chess/cpu.h"

#include <array>
#include <cstdint>

#if AZ_X86_64 && defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#elif AZ_X86_64
#include <cpuid.h>
#endif

namespace az {

namespace {

struct Features {
  bool fast_bits = false;
  bool avx2 = false;
};

#if AZ_X86_64

using Registers = std::array<std::uint32_t, 4>;  // eax, ebx, ecx, edx

Registers cpuid(std::uint32_t leaf) {
  Registers r{};
#if defined(_MSC_VER)
  std::array<int, 4> values{};
  __cpuidex(values.data(), static_cast<int>(leaf), 0);
  for (int i = 0; i < 4; ++i) r[i] = static_cast<std::uint32_t>(values[i]);
#else
  __cpuid_count(leaf, 0, r[0], r[1], r[2], r[3]);
#endif
  return r;
}

// Whether the operating system saves the wide registers that AVX2 uses.
bool os_saves_ymm() {
  constexpr std::uint32_t kOsxsave = 1u << 27, kXmmAndYmm = 6;
  if (!(cpuid(1)[2] & kOsxsave)) return false;
#if defined(_MSC_VER)
  const auto low = static_cast<std::uint32_t>(_xgetbv(0));
#else
  std::uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
#endif
  return (low & kXmmAndYmm) == kXmmAndYmm;
}

// AMD before Zen 3 (family 19h) runs PEXT in microcode, 50 times slower than a table of its own.
bool has_slow_pext() {
  constexpr std::uint32_t kAuth = 0x68747541, kZen3 = 0x19;
  if (cpuid(0)[1] != kAuth) return false;
  const std::uint32_t version = cpuid(1)[0];
  return ((version >> 8) & 15) + ((version >> 20) & 255) < kZen3;
}

Features detect() {
  constexpr std::uint32_t kPopcnt = 1u << 23, kAvx = 1u << 28;         // leaf 1, ecx
  constexpr std::uint32_t kBmi = (1u << 3) | (1u << 8), kAvx2 = 1u << 5;  // leaf 7, ebx
  if (cpuid(0)[0] < 7) return {};
  const std::uint32_t leaf1 = cpuid(1)[2], leaf7 = cpuid(7)[1];
  Features features;
  features.fast_bits = (leaf1 & kPopcnt) && (leaf7 & kBmi) == kBmi && !has_slow_pext();
  features.avx2 = (leaf1 & kAvx) && (leaf7 & kAvx2) && os_saves_ymm();
  return features;
}

#else

Features detect() { return {}; }

#endif

const Features kFeatures = detect();

}  // namespace

bool has_fast_bits() { return kFeatures.fast_bits; }
bool has_avx2() { return kFeatures.avx2; }

}  // namespace az
