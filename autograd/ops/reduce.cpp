#include "autograd/ops/reduce.hpp"

#include "autograd/ops.hpp"

namespace planet {

Var sum(Var x) { return record<ops::Sum>({x}); }
Var mean(Var x) { return record<ops::Mean>({x}); }
Var sum_last(Var x) { return record<ops::SumLast>({x}); }
Var log_sum_exp(Var x) { return record<ops::LogSumExp>({x}); }

}  // namespace planet
