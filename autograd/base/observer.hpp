// Somebody who watches the engine at work: `bench --profile`, and the tests that count what a step
// costs. Nobody does otherwise, and a place that could be watched then costs one comparison.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace planet {

/// Told of everything that happens between its construction and its destruction. One at a time.
class Observer {
 public:
  enum class Pass { forward, backward };

  Observer() { active_ = this; }
  virtual ~Observer() { active_ = nullptr; }
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// An op runs between these two, on the calling thread.
  virtual void op_begins(std::string_view, Pass) {}
  virtual void op_ends() {}
  /// Multiply-adds of a product or a convolution, those with padding included: what the processor
  /// does, not what the formula needs. Called from any thread.
  virtual void multiply_adds(std::int64_t) {}

  static Observer* active() { return active_.load(std::memory_order_relaxed); }

 private:
  static inline std::atomic<Observer*> active_{nullptr};
};

}  // namespace planet
