// Which instructions this processor has beyond what the build may assume.
#pragma once

#if (defined(__x86_64__) || defined(_M_X64)) && \
    (defined(__GNUC__) || defined(__clang__) || defined(_MSC_VER))
#define AZ_X86_64 1
#else
#define AZ_X86_64 0
#endif

namespace az {

// POPCNT, BMI1 and BMI2 with a fast PEXT: Intel since 2013, AMD since 2020.
// Before static initialisation has reached it the answer is no, which is always safe.
[[nodiscard]] bool has_fast_bits();

}  // namespace az
