// Gradient checks: is backward the derivative of forward?
//
// Every derivative is compared with central differences in double, and the check is built so that it
// can fail: a random cotangent, gradients that start at 0.25, inputs that must matter, values away
// from kinks, NaN never accepted. Three ways in:
//   check_grads(f, shapes)      a function of tensors, in one call
//   gradcheck_op<Op, List>()    an op, on the examples it carries; also float against double and
//                               inference against recording (the policy: gradcheck_op.cpp)
//   gradcheck(loss, params)     a loss, by every parameter of a model
#pragma once

#include <cmath>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/op.hpp"

namespace planet {

/// The verdict on one example of an op, one parameter of a model, or one input of a function.
struct GradReport {
  std::string name;     // of the op, the parameter or the input
  std::string example;  // the example's note; else the shape
  bool ok = true;
  std::string failure;  // what is wrong, where, and of what kind it seems; empty when ok
  bool proved = true;   // false: no derivative was large enough to be tested
  std::string note;     // one sentence when ok: an element at a kink, or why nothing was proved

  int derivatives = 0;      // elements compared with finite differences
  double tolerance = 1e-6;  // relative
  /// Largest |a - n| / (max(|a|, |n|) + 1e-8 / tolerance), a analytic and n numeric. So worst <=
  /// tolerance says the same as |a - n| <= 1e-8 + tolerance max(|a|, |n|) at every element.
  double worst = 0;
  int input = 0;               // where it is worst: the op's input (0 for a parameter)
  std::ptrdiff_t element = 0;  // the element of that input, in row-major order
  Shape shape;                 // and the input's shape
  double analytic = 0, numeric = 0;
  double float_error = 0;  // ops: largest |float - double| over the tensor's largest magnitude
  double bf16_error = 0;   // ops: the same of bf16; no limit is set to it
  int smaller_steps = 0;   // not for ops: elements with a kink within h, checked with a smaller h
  int kinks = 0;           // not for ops: elements exactly at a kink, not compared

  std::string place() const;  // of the worst element: "[2,4]"
};

/// Did every report pass? False for an empty list.
bool all_ok(std::span<const GradReport> reports);

struct GradcheckOptions {
  std::vector<std::string> only = {};  // names of parameters; empty: all of them
  std::ptrdiff_t elements = 0;         // compared per parameter, drawn at random; 0: all of them
  double tolerance = 1e-6;  // relative; another one than this replaces those of an op's examples
  double absolute = 1e-8;
  double least = 1e-3;  // a parameter none of whose derivatives exceeds this was not tested
  /// h / max(1, |x|). The cube root of the rounding error is where it and the error of the
  /// difference, which grows with h^2, balance.
  double step = std::cbrt(std::numeric_limits<double>::epsilon());
};

// ---- a function --------------------------------------------------------------------------------

/// An input of check_grads, written in braces:
///   {3, 4}                    a shape; values are drawn from [-1, 1]
///   {{3, 4}, 0.5, 2}          ... from [0.5, 2]
///   {{3, 4}, -2, 2, 0}        ... from both sides of the kink at 0 and at a distance from it
///   {{2}, {0.5, -1}}          a shape and its values
struct CheckInput {
  Shape shape;
  double low = -1, high = 1;
  double kink = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values;

  template <std::integral... Axes>
  requires(sizeof...(Axes) > 0 && sizeof...(Axes) <= Shape::max_rank) CheckInput(Axes... axes)
      : shape{static_cast<std::ptrdiff_t>(axes)...} {}
  CheckInput(Shape s, double lowest, double highest,
             double at_kink = std::numeric_limits<double>::quiet_NaN())
      : shape(s), low(lowest), high(highest), kink(at_kink) {}
  CheckInput(Shape s, std::vector<double> given) : shape(s), values(std::move(given)) {}
};

/// What check_grads found, one report per input, named "input 0", "input 1" ... It prints itself:
/// a line per input, and for each that failed a sentence.
struct CheckReport {
  std::vector<GradReport> inputs;
  bool ok() const { return all_ok(inputs); }
};
std::ostream& operator<<(std::ostream& out, const CheckReport& report);

namespace detail {

using CheckFunction = std::function<Var(Tape&, std::span<const Var>)>;
CheckReport check_function(const CheckFunction& f, std::span<const CheckInput> inputs,
                           const GradcheckOptions& options);
[[noreturn]] void fail_number_of_inputs(std::size_t given, std::size_t taken);

template <std::size_t>
using VarAt = Var;

// Calls f with the tape and one Var per input. How many it takes is known to the compiler, how many
// there are only when it runs.
template <class F, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return std::is_invocable_r_v<Var, F&, Tape&, VarAt<I>...>;
}
template <class F, std::size_t N = 1>
constexpr std::size_t number_of_inputs() {  // the first count that f takes; 0: none
  if constexpr (N > max_example_inputs) return 0;
  else if constexpr (takes<F>(std::make_index_sequence<N>())) return N;
  else return number_of_inputs<F, N + 1>();
}
template <class F, std::size_t... I>
Var call(F& f, Tape& tape, std::span<const Var> x, std::index_sequence<I...>) {
  return f(tape, x[I]...);
}

}  // namespace detail

/// Compares the gradient of f by each of its inputs with central differences, in double:
///
///   const auto report = check_grads([](Tape&, Var x, Var W) { return tanh(matmul(x, W)); },
///                                   {{3, 4}, {4, 2}});
///   std::cout << report;   // and report.ok()
///
/// f(Tape&, Var...) takes up to eight inputs, f(Tape&, std::span<const Var>) any number, and may
/// have a result of any shape, which is weighted with a random cotangent. Numbers are the same at
/// every call. As gradcheck() below treats a model's parameters, so are the inputs treated here;
/// an input that must not get a gradient belongs into f, as a constant.
/// Error: f fails, is not the same function at every call, takes another number of inputs, or has
/// a result that is not finite; values that do not fill their shape.
template <class F>
CheckReport check_grads(F f, std::initializer_list<CheckInput> inputs,
                        const GradcheckOptions& options = {}) {
  const std::span<const CheckInput> list(inputs.begin(), inputs.size());
  constexpr std::size_t N = detail::number_of_inputs<F>();
  if constexpr (N > 0) {
    if (list.size() != N) detail::fail_number_of_inputs(list.size(), N);
    const auto call = [&f](Tape& tape, std::span<const Var> x) {
      return detail::call(f, tape, x, std::make_index_sequence<N>());
    };
    return detail::check_function(call, list, options);
  } else {
    static_assert(std::is_invocable_r_v<Var, F&, Tape&, std::span<const Var>>,
                  "check_grads wants f(Tape&, Var, ...), a Var for each input, that returns a Var");
    return detail::check_function(f, list, options);
  }
}

// ---- ops ---------------------------------------------------------------------------------------

namespace detail {

/// One example with its op's type erased, so that the check itself is compiled once.
struct OpCase {
  std::string_view op, note;
  int arity = 0;
  std::vector<ExampleInput> inputs;
  std::vector<bool> differentiable;
  double tolerance = 1e-6;
  std::string_view reason;
  double step = 0;  // GradcheckOptions::step
  const void* attr = nullptr;
  Var (*record)(std::span<const Var> inputs, const void* attr) = nullptr;
};

GradReport check_case(const OpCase& c);
void require_sound_options(const GradcheckOptions& options);

template <class Op, class List>
Var record_case(std::span<const Var> inputs, const void* attr) {
  return record<Op, List>(inputs, *static_cast<const AttrOf<Op>*>(attr));
}

}  // namespace detail

/// Checks every example of Op, which is a member of List: all elements of all inputs. Of the options
/// it takes the step and the tolerance.
template <class Op, class List = AllOps>
std::vector<GradReport> gradcheck_op(const GradcheckOptions& options = {}) {
  detail::require_sound_options(options);
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
    if (options.tolerance != GradcheckOptions().tolerance) {
      c.tolerance = options.tolerance;
      c.reason = "asked for";
    }
    c.step = options.step;
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
  static std::vector<GradReport> check(std::string_view only, const GradcheckOptions& options) {
    std::vector<GradReport> all;
    const auto append = [&](std::vector<GradReport> some) {
      all.insert(all.end(), some.begin(), some.end());
    };
    ((only.empty() || only == Ops::name ? append(gradcheck_op<Ops, std::tuple<Ops...>>(options))
                                        : void()),
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
std::vector<GradReport> gradcheck_list(std::string_view only = {},
                                       const GradcheckOptions& options = {}) {
  if (!only.empty()) detail::require_op_name(only, op_names<List>());
  return detail::EachOp<List>::check(only, options);
}

/// The same for AllOps, compiled in the library.
std::vector<GradReport> gradcheck_all_ops(std::string_view only = {},
                                          const GradcheckOptions& options = {});
std::vector<std::string> all_op_names();

// ---- whole models ------------------------------------------------------------------------------

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

}  // namespace planet
