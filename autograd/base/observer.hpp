// An observer of the engine at work, used by `bench --profile` and by the tests that count what a
// step costs. Without an observer, each place that would report to one costs a single comparison.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace planet {

/// Notified of all work between its construction and its destruction. One at a time.
class Observer {
 public:
  enum class Pass { forward, backward };

  Observer() { active_ = this; }
  virtual ~Observer() { active_ = nullptr; }
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// Called before and after an op, on the calling thread.
  virtual void op_begins(std::string_view, Pass) {}
  virtual void op_ends() {}
  /// The multiply-adds of a product or a convolution, padding included: what the processor
  /// executes, not what the formula needs. Called from any thread.
  virtual void multiply_adds(std::int64_t) {}
  /// A parallel loop starts, outside any other, and takes so many threads.
  virtual void loop_begins(int) {}

  static Observer* active() { return active_.load(std::memory_order_relaxed); }

 private:
  static inline std::atomic<Observer*> active_{nullptr};
};

}  // namespace planet
