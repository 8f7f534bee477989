#include "apps/bench/profile.hpp"

#include <algorithm>

#include "apps/bench/measure.hpp"

namespace planet::bench {

void OpProfile::op_begins(std::string_view op, Pass pass) {
  auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& r) { return r.op == op; });
  if (row == rows_.end()) row = rows_.insert(rows_.end(), Row{op});
  row_ = &*row;
  pass_ = pass;
  madds_ = 0;
  start_ = now();
}

void OpProfile::op_ends() {
  const double seconds = now() - start_;
  row_->calls += pass_ == Pass::forward;
  (pass_ == Pass::forward ? row_->forward : row_->backward) += seconds;
  row_->madds += madds_;
}

}  // namespace planet::bench
