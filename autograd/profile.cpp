#include "autograd/profile.hpp"

#include <algorithm>

#include "autograd/kernels/work.hpp"

namespace planet {

std::int64_t OpProfile::madds() { return kernels::MaddCount::total(); }

void OpProfile::add(std::string_view op, Pass pass, double seconds, std::int64_t madds) {
  auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& r) { return r.op == op; });
  if (row == rows_.end()) row = rows_.insert(rows_.end(), Row{op});
  row->calls += pass == Pass::forward;
  (pass == Pass::forward ? row->forward : row->backward) += seconds;
  row->madds += madds;
}

}  // namespace planet
