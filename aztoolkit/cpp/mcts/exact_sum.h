// Sums without rounding on the way.
#pragma once

namespace az {

// A sum that depends on the order of its terms as little as Python's math.fsum does: the error of
// each addition is kept (Knuth's TwoSum) and added at the end.
class ExactSum {
 public:
  void add(double term) {
    const double sum = sum_ + term;
    const double part = sum - sum_;
    error_ += (sum_ - (sum - part)) + (term - part);
    sum_ = sum;
  }
  [[nodiscard]] double total() const { return sum_ + error_; }

 private:
  double sum_ = 0.0, error_ = 0.0;
};

}  // namespace az
