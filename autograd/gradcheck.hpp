// Gradient checks: is backward the derivative of forward?
//
// Every op is compared with central differences in double, on the examples it carries, and the
// check is built so that it can fail: a random cotangent, gradients that start at 0.25, inputs that
// must matter, values away from kinks, NaN never accepted. The same examples compare float with
// double and inference with recording. For an op of your own: gradcheck_op<MyOp, MyList>();
// for a whole model: gradcheck(loss, params). The policy, point by point, is in gradcheck_op.cpp.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "autograd/op.hpp"

namespace planet {

/// The verdict on one example of an op, or on one parameter of a model.
struct GradReport {
  std::string name;     // of the op or the parameter
  std::string example;  // the example's note; the parameter's shape
  bool ok = true;
  std::string failure;  // one sentence: what is wrong and where; empty when ok
  bool proved = true;   // false: no derivative was large enough to be tested
  std::string note;     // one sentence when ok: an element at a kink, or why nothing was proved

  int derivatives = 0;      // elements compared with finite differences
  double tolerance = 1e-6;  // relative
  /// Largest |a - n| / (max(|a|, |n|) + 1e-8 / tolerance), a analytic and n numeric. So worst <=
  /// tolerance says the same as |a - n| <= 1e-8 + tolerance max(|a|, |n|) at every element.
  double worst = 0;
  int input = 0;               // where it is worst: the op's input (0 for a parameter)
  std::ptrdiff_t element = 0;  // and the element of that input
  double analytic = 0, numeric = 0;
  double float_error = 0;  // ops: largest |float - double| over the tensor's largest magnitude
  int smaller_steps = 0;   // models: elements with a kink within h, checked with a smaller h
  int kinks = 0;           // models: elements exactly at a kink, not compared
};

namespace detail {

/// One example with its op's type erased, so that the check itself is compiled once.
struct OpCase {
  std::string_view op, note;
  int arity = 0;
  std::vector<ExampleInput> inputs;
  std::vector<bool> differentiable;
  double tolerance = 1e-6;
  std::string_view reason;
  const void* attr = nullptr;
  Var (*record)(std::span<const Var> inputs, const void* attr) = nullptr;
};

GradReport check_case(const OpCase& c);

template <class Op, class List>
Var record_case(std::span<const Var> inputs, const void* attr) {
  return record<Op, List>(inputs, *static_cast<const AttrOf<Op>*>(attr));
}

}  // namespace detail

/// Checks every example of Op, which is a member of List.
template <class Op, class List = AllOps>
std::vector<GradReport> gradcheck_op() {
  std::vector<GradReport> reports;
  for (const auto& example : Op::examples) {
    detail::OpCase c;
    c.op = Op::name;
    c.note = example.note;
    c.arity = Op::arity;
    for (int i = 0; i < example.inputs.count; ++i) {
      c.inputs.push_back(example.inputs.list[static_cast<std::size_t>(i)]);
      c.differentiable.push_back(is_differentiable<Op>(i));
    }
    c.tolerance = example.tolerance;
    c.reason = example.reason;
    c.attr = &example.attr;
    c.record = &detail::record_case<Op, List>;
    reports.push_back(detail::check_case(c));
  }
  return reports;
}

namespace detail {
template <class List>
struct EachOp;
template <class... Ops>
struct EachOp<std::tuple<Ops...>> {
  static std::vector<std::string> names() { return {std::string(Ops::name)...}; }
  static std::vector<GradReport> check(std::string_view only) {
    std::vector<GradReport> all;
    const auto append = [&](std::vector<GradReport> some) {
      all.insert(all.end(), some.begin(), some.end());
    };
    ((only.empty() || only == Ops::name ? append(gradcheck_op<Ops, std::tuple<Ops...>>()) : void()),
     ...);
    return all;
  }
};
void require_op_name(std::string_view name, std::span<const std::string> names);
}  // namespace detail

/// The names of the ops in List, in its order.
template <class List>
std::vector<std::string> op_names() {
  return detail::EachOp<List>::names();
}

/// Checks every op in List, or only the one of that name. Throws if there is none.
template <class List>
std::vector<GradReport> gradcheck_list(std::string_view only = {}) {
  if (!only.empty()) detail::require_op_name(only, op_names<List>());
  return detail::EachOp<List>::check(only);
}

/// The same for AllOps, compiled in the library.
std::vector<GradReport> gradcheck_all_ops(std::string_view only = {});
std::vector<std::string> all_op_names();

// ---- whole models ------------------------------------------------------------------------------

struct GradcheckOptions {
  std::vector<std::string> only;  // names of parameters; empty: all of them
  std::ptrdiff_t elements = 0;    // compared per parameter, drawn at random; 0: all of them
  double tolerance = 1e-6;        // relative
  double absolute = 1e-8;
  double least = 1e-3;  // a parameter none of whose derivatives exceeds this was not tested
};

/// Computes the loss, [1], on the given tape, which is f64, from the parameters being checked. It
/// must be the same function at every call: draw its noise once, outside. Finite differences see
/// through stop_gradient, so whatever stands behind one must be a constant here.
using LossFunction = std::function<Var(Tape&)>;

/// Compares the gradient of the loss with central differences and returns one report per parameter.
/// A model has thousands of ReLUs, and some lie within h of their kink: an element that disagrees
/// is tried again with h/8 and h/64. Exactly at a kink the derivative does not exist; there the
/// gradient must lie between the slopes on the two sides, and a note says so.
///
/// A parameter whose derivatives are all below options.least fails, because comparing zeros proves
/// nothing. A sample fails only where the check of all elements would: if no element drawn exceeds
/// `least`, the one with the largest gradient is added; if that is too small as well, the report is
/// ok but not proved.
///
/// Values and gradients in `params` are left as they were found. Throws unless `params` is f64.
std::vector<GradReport> gradcheck(const LossFunction& loss, ParamStore& params,
                                  const GradcheckOptions& options = {});

/// Did every report pass? False for an empty list.
bool all_ok(std::span<const GradReport> reports);

}  // namespace planet
