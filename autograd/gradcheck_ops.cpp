// The gradient check of every op of the engine.
#include "autograd/gradcheck.hpp"
#include "autograd/ops/all.hpp"

namespace planet {

std::vector<GradReport> gradcheck_all_ops(std::string_view only, const GradcheckOptions& options) {
  return gradcheck_list<AllOps>(only, options);
}

std::vector<std::string> all_op_names() { return op_names<AllOps>(); }

}  // namespace planet
