// The time of a step per op, as `bench --profile` prints it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "autograd/base/observer.hpp"

namespace planet::bench {

/// Records the time and the multiply-adds of every op during its lifetime. It cannot tell apart ops
/// that run on several threads at once.
class OpProfile : public Observer {
 public:
  struct Row {
    std::string_view op;
    std::int64_t calls = 0;
    double forward = 0, backward = 0;  // seconds
    std::int64_t madds = 0;            // multiply-adds of its products
  };

  const std::vector<Row>& rows() const { return rows_; }  // in order of first use

  void op_begins(std::string_view op, Pass pass) override;
  void op_ends() override;
  void multiply_adds(std::int64_t n) override { madds_ += n; }

 private:
  std::vector<Row> rows_;
  Row* row_ = nullptr;  // of the running op
  Pass pass_ = Pass::forward;
  double start_ = 0;
  std::atomic<std::int64_t> madds_{0};  // of the running op
};

}  // namespace planet::bench
