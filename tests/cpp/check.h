// A test is a function that CHECKs; a failed CHECK prints where and ends the run with code 1.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace az::test {

[[noreturn]] inline void fail(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
  std::exit(1);
}

}  // namespace az::test

#define CHECK(condition) \
  ((condition) ? void() : az::test::fail(__FILE__, __LINE__, "expected " #condition))

// `expression` must throw an `exception` whose text contains `part`.
#define CHECK_THROWS(expression, exception, part)                                         \
  do {                                                                                    \
    std::string text = "nothing thrown";                                                  \
    try {                                                                                 \
      (void)(expression);                                                                 \
    } catch (const exception& error) {                                                    \
      text = error.what();                                                                \
    }                                                                                     \
    if (text.find(part) == std::string::npos) {                                           \
      az::test::fail(__FILE__, __LINE__,                                                  \
                     "expected an error with '" + std::string(part) + "', got: " + text); \
    }                                                                                     \
  } while (false)
