// Counting work instead of timing it: a test of speed that noise cannot fail.
#pragma once

#include <atomic>
#include <cstdint>

namespace planet::kernels {

/// While one lives, the multiply-adds of every product and convolution are counted, on all threads,
/// those with padding included: what the processor does, not what the formula needs. One at a time.
class MaddCount {
 public:
  MaddCount() {
    total_ = 0;
    counting_ = true;
  }
  ~MaddCount() { counting_ = false; }
  MaddCount(const MaddCount&) = delete;
  MaddCount& operator=(const MaddCount&) = delete;
  std::int64_t value() const { return total_; }

  /// Counted so far; stands still while nobody counts.
  static std::int64_t total() { return total_; }
  static void add(std::int64_t madds) {
    if (counting_.load(std::memory_order_relaxed)) total_ += madds;
  }

 private:
  static inline std::atomic<bool> counting_{false};
  static inline std::atomic<std::int64_t> total_{0};
};

}  // namespace planet::kernels
