#include "chess/cpu.h"

#include <array>
#include <cstdint>

#if AZ_X86_64 && defined(_MSC_VER)
#include <intrin.h>
#elif AZ_X86_64
#include <cpuid.h>
#endif

namespace az {

namespace {

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

// AMD before Zen 3 (family 19h) runs PEXT in microcode, far slower than computing attacks.
bool has_slow_pext() {
  constexpr std::uint32_t kAuthenticAmd = 0x68747541, kZen3 = 0x19;
  if (cpuid(0)[1] != kAuthenticAmd) return false;
  const std::uint32_t version = cpuid(1)[0];
  return ((version >> 8) & 15) + ((version >> 20) & 255) < kZen3;
}

bool detect_fast_bits() {
  constexpr std::uint32_t kPopcnt = 1u << 23;            // leaf 1, ecx
  constexpr std::uint32_t kBmi = (1u << 3) | (1u << 8);  // leaf 7, ebx
  if (cpuid(0)[0] < 7) return false;
  return (cpuid(1)[2] & kPopcnt) != 0 && (cpuid(7)[1] & kBmi) == kBmi && !has_slow_pext();
}

#else

bool detect_fast_bits() { return false; }

#endif

const bool kFastBits = detect_fast_bits();

}  // namespace

bool has_fast_bits() { return kFastBits; }

}  // namespace az
