// Counting work instead of timing it: a test of speed that does not depend on the machine's load.
#pragma once

#include <atomic>
#include <cstdint>

#include "autograd/base/observer.hpp"

namespace planet::test {

/// Counts the multiply-adds of every product and convolution during its lifetime, on all threads.
class MultiplyAdds : public Observer {
 public:
  std::int64_t value() const { return total_; }
  void multiply_adds(std::int64_t n) override { total_ += n; }

 private:
  std::atomic<std::int64_t> total_{0};
};

}  // namespace planet::test
