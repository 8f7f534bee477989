// Where the time of a step goes, by op: what `bench --profile` prints.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace planet {

class OpProfile {
 public:
  struct Row {
    std::string_view op;
    std::int64_t calls = 0;
    double forward = 0, backward = 0;  // seconds
    std::int64_t madds = 0;            // in products, while a kernels::MaddCount lives
  };
  enum class Pass { forward, backward };

  const std::vector<Row>& rows() const { return rows_; }  // in order of first use
  void clear() { rows_.clear(); }

  /// Runs f and books its time under `op`; a null profile only runs f.
  template <class F>
  static void timed(OpProfile* profile, std::string_view op, Pass pass, F&& f) {
    if (!profile) {
      f();
      return;
    }
    const std::int64_t before = madds();
    const auto start = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    profile->add(op, pass, time.count(), madds() - before);
  }

 private:
  static std::int64_t madds();
  void add(std::string_view op, Pass pass, double seconds, std::int64_t madds);

  std::vector<Row> rows_;
};

}  // namespace planet
