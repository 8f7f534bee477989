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
    const auto start = std::chrono::steady_clock::now();
    f();
    profile->add(op, pass,
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }

 private:
  void add(std::string_view op, Pass pass, double seconds) {
    Row* row = nullptr;
    for (Row& r : rows_)
      if (r.op == op) row = &r;
    if (!row) row = &rows_.emplace_back(Row{op});
    row->calls += pass == Pass::forward;
    (pass == Pass::forward ? row->forward : row->backward) += seconds;
  }

  std::vector<Row> rows_;
};

}  // namespace planet
