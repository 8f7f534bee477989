// The check of one example of one op. check_into, at the end, applies the policy in order; each
// step throws a sentence that names the fault.
//
//   1. double precision, central differences, h = cbrt(eps) max(1, |x|), every element of every
//      input; an input has at most 60 elements
//   2. |a - n| <= 1e-8 + tolerance max(|a|, |n|); another tolerance than 1e-6 needs a reason
//   3. the cotangent is normal with a fixed seed: with ones, errors that cancel would pass
//   4. gradients start at 0.25, which exposes an op that assigns where it must add, and at NaN
//      where it must assign, which exposes an op that adds there or leaves an element out
//   5. every differentiable input has a derivative above 1e-3: zero against zero proves nothing
//   6. values lie on both sides of a declared kink, 100 h away; an undeclared kink is found
//   7. one variable given as two inputs must get the sum of both gradients
//   8. an input without gradient, the inputs' values and the memory around them are never written
//   9. float agrees with double to 1e-4 of the largest magnitude; how far bf16 is off is reported;
//      inference and recording agree bit for bit
#include <algorithm>
#include <cmath>

#include "autograd/base/index.hpp"
#include "autograd/base/text.hpp"
#include "autograd/gradcheck_run.hpp"

namespace planet::detail {
namespace {

constexpr std::ptrdiff_t max_elements = 60;  // per input (1)
constexpr double start = 0.25;               // of every gradient (4)
constexpr double absolute = 1e-8;            // (2)
constexpr double least = 1e-3;               // (5)
constexpr double kink_jump = 1e-3;           // (6) one-sided slopes of a smooth op differ by h f''
constexpr double float_agreement = 1e-4;     // (9)

// ---- the inputs --------------------------------------------------------------------------------

void require_sound(const OpCase& c) {
  const int count = static_cast<int>(c.inputs.size());
  require(c.arity == variadic ? count > 0 : count == c.arity, "the example has ", count,
          " inputs, the op takes ", c.arity);
  require(c.tolerance > 0 && c.tolerance < 1, "the tolerance ", c.tolerance,
          " is not between 0 and 1");
  require(c.tolerance == 1e-6 || !c.reason.empty(), "the tolerance is ", c.tolerance,
          " instead of 1e-6, and no reason is given");
  for (int i = 0; i < count; ++i) {
    const ExampleInput& in = c.inputs[static_cast<std::size_t>(i)];
    require(in.shape.size() <= max_elements, "input ", i, " has ", in.shape.size(),
            " elements; every one is moved twice, so an example has at most ", max_elements);
    require(in.low < in.high, "the range of input ", i, " is empty: ", in.low, " to ", in.high);
    require(std::isnan(in.kink) || (in.low < in.kink && in.kink < in.high && in.shape.size() > 1),
            "input ", i, " cannot lie on both sides of its kink ", in.kink, ": ", in.shape.size(),
            " elements between ", in.low, " and ", in.high);
  }
}

// The numbers of an example depend on its op's name and its note alone.
Rng stream_of(const OpCase& c) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const std::string_view text : {c.op, std::string_view("/"), c.note})
    for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619u;
  return Rng(0, Stream::check, hash);
}

// ---- finite differences ------------------------------------------------------------------------

void require_finite(const Tensor& x, std::string_view what) {
  for (std::size_t i = 0; i < x.size(); ++i)
    require(std::isfinite(x[i]), "the ", what, " is ", x[i], " at element ", i);
}

// d(cotangent . y)/dx[e] for one element of one input. Differences are taken output by output, so
// that outputs which do not depend on x[e] cancel exactly.
double derivative(OpRun& run, double step, std::size_t input, std::size_t e, const Tensor& y,
                  const Tensor& cotangent) {
  double& x = run.value(input)[e];
  const double x0 = x, h = step_at(x0, step);
  const double above = x0 + h, below = x0 - h;  // their difference is h as rounded
  x = above;
  const Tensor y_above = run.forward(Mode::record);
  x = below;
  const Tensor y_below = run.forward(Mode::record);
  x = x0;
  double sum = 0;
  for (std::size_t j = 0; j < y.size(); ++j) {
    const double right = (y_above[j] - y[j]) / (above - x0);
    const double left = (y[j] - y_below[j]) / (x0 - below);
    const double size = std::max({1.0, std::abs(right), std::abs(left)});
    require(std::isfinite(right) && std::isfinite(left),
            "the result becomes infinite or NaN when element ", e, " of input ", input, " (", x0,
            ") moves by ", h);
    require(std::abs(right - left) <= std::max(kink_jump, 200 * h) * size, "a hidden kink: result ",
            j, " has slope ", left, " below and ", right, " above element ", e, " of input ", input,
            " (", x0, "); choose the example's range so that no kink lies within ", 100 * h);
    sum += cotangent[j] * (y_above[j] - y_below[j]) / (above - below);
  }
  return sum;
}

Tensor differences(OpRun& run, const OpCase& c, std::size_t input, const Tensor& cotangent) {
  const Tensor y = run.forward(Mode::record);
  Tensor d(index(c.inputs[input].shape.size()));
  for (std::size_t e = 0; e < d.size(); ++e) d[e] = derivative(run, c.step, input, e, y, cotangent);
  return d;
}

Tensors differences(OpRun& run, const OpCase& c, const std::vector<bool>& used,
                    const Tensor& cotangent) {
  Tensors d(c.inputs.size());
  for (std::size_t i = 0; i < d.size(); ++i)
    if (c.differentiable[i] && used[i]) d[i] = differences(run, c, i, cotangent);
  return d;
}

// ---- comparing ---------------------------------------------------------------------------------

double error_of(double a, double n, double tolerance) {
  return std::abs(a - n) / (std::max(std::abs(a), std::abs(n)) + absolute / tolerance);
}

// Input r.input is wrong: where and how.
std::string describe_input(const GradReport& r, OpRun& run, const OpCase& c, const Tensors& a,
                           const Tensors& n, const Tensor& cotangent) {
  const auto i = static_cast<std::size_t>(r.input);
  Compared k{.shape = r.shape, .kink = c.inputs[i].kink, .analytic = a[i], .numeric = n[i]};
  for (std::size_t e = 0; e < n[i].size(); ++e) {
    k.elements.push_back(static_cast<std::ptrdiff_t>(e));
    k.x.push_back(run.value(i)[e]);
    k.wrong.push_back(!(error_of(a[i][e], n[i][e], r.tolerance) <= r.tolerance));
  }
  const std::string where = describe(k, static_cast<std::size_t>(r.element)) + "; ";
  for (std::size_t j = 0; j < n.size(); ++j)
    if (j != i && n[i].size() == n[j].size() && close(a[i], n[j]) && close(a[j], n[i]))
      return cat(where, "inputs ", std::min(i, j), " and ", std::max(i, j),
                 " have each other's gradient");
  return where + likely_kind(k, rows_of(run.result()), [&](std::ptrdiff_t row) {
           return differences(run, c, i, row_alone(run.result(), cotangent, row));
         });
}

void compare(GradReport& r, OpRun& run, const OpCase& c, const Tensors& a, const Tensors& n,
             const Tensor& cotangent) {
  for (std::size_t i = 0; i < n.size(); ++i)
    for (std::size_t e = 0; e < n[i].size(); ++e) {
      const double error = error_of(a[i][e], n[i][e], r.tolerance);
      ++r.derivatives;
      if (!(error <= r.worst)) {  // both are finite
        r.worst = error;
        r.input = static_cast<int>(i);
        r.element = static_cast<std::ptrdiff_t>(e);
        r.shape = c.inputs[i].shape;
        r.analytic = a[i][e];
        r.numeric = n[i][e];
      }
    }
  if (!(r.worst <= r.tolerance))
    fail("the gradient of input ", r.input, " is ", describe_input(r, run, c, a, n, cotangent));
}

// Runs backward with gradients that start at 0, at 0.25, and as memory to be assigned; it must add
// the same each time (4).
Tensors gradient(OpRun& run, const OpCase& c, const Tensor& cotangent, double rounding) {
  const Tensors from_zero = run.backward(cotangent, 0), added = run.backward(cotangent, start),
                assigned = run.backward(cotangent, 0, true);
  const auto same = [&](const Tensor& a, const Tensor& b) {
    double size = 1, error = 0;
    for (std::size_t e = 0; e < a.size(); ++e) {
      size = std::max(size, std::abs(b[e]));
      error = std::max(error, std::abs(a[e] - b[e]));
    }
    return error <= rounding * size;
  };
  for (std::size_t i = 0; i < added.size(); ++i) {
    if (!c.differentiable[i]) continue;
    require_finite(from_zero[i], cat("gradient of input ", i));
    require_finite(added[i], cat("gradient of input ", i));
    require(same(added[i], from_zero[i]), "the gradient of input ", i,
            " depends on what it was before: backward assigns (=) where it must add (+=)");
    require(same(assigned[i], from_zero[i]), "the gradient of input ", i,
            " comes out differently where backward is to assign it (sink)");
  }
  return added;
}

void require_not_vacuous(const OpCase& c, const Tensors& n) {
  for (std::size_t i = 0; i < n.size(); ++i)
    require(!c.differentiable[i] ||
                std::any_of(n[i].begin(), n[i].end(), [](double d) { return std::abs(d) > least; }),
            "the example proves nothing: no derivative by input ", i, " exceeds ", least);
}

Tensor forward_both_ways(OpRun& run) {
  const Tensor y = run.forward(Mode::record);
  require_finite(y, "result");
  require(OpRun::same_bits(y, run.forward(Mode::inference)),
          "inference mode gives other bits than recording");
  return y;
}

// ---- float, and bf16, against double ----------------------------------------------------------------------

void agree(GradReport& r, Precision p, const Tensor& f, const Tensor& d, const std::string& what) {
  double size = 0, error = 0;
  for (std::size_t e = 0; e < d.size(); ++e) {
    size = std::max(size, std::abs(d[e]));
    error = std::max(error, std::abs(f[e] - d[e]));  // both are finite
  }
  double& worst = p == Precision::f32 ? r.float_error : r.bf16_error;
  worst = std::max(worst, size > 0 ? error / size : 0);
  require(p == Precision::bf16 || error <= float_agreement * size,
          "float differs from double: the ", what, " is off by ", error,
          " where its largest magnitude is ", size);
}

void against_double(GradReport& r, Precision p, const OpCase& c, const Tensors& x,
                    const Places& places, const Tensor& cotangent, const Tensor& y,
                    const Tensors& g) {
  OpRun run(c, p, x, places);
  agree(r, p, forward_both_ways(run), y, "result");
  const Tensors g_float = gradient(run, c, cotangent, 1e-5);
  for (std::size_t i = 0; i < g.size(); ++i)
    if (c.differentiable[i]) agree(r, p, g_float[i], g[i], cat("gradient of input ", i));
}

// ---- one variable as two inputs (7) ------------------------------------------------------------

void same_variable_twice(GradReport& r, const OpCase& c, Rng& rng, Tensors x, std::size_t i,
                         std::size_t j) {
  const ExampleInput &a = c.inputs[i], &b = c.inputs[j];
  const double low = std::max(a.low, b.low), high = std::min(a.high, b.high);
  if (!(a.shape == b.shape) || !c.differentiable[i] || !c.differentiable[j] || !(low < high))
    return;
  x[i] = draw(rng, low, high, a.shape.size(), {a.kink, b.kink});
  Places places(x.size());
  for (std::size_t k = 0; k < x.size(); ++k) places[k] = k == j ? i : k;
  std::vector<bool> used(x.size(), true);
  used[j] = false;
  OpRun run(c, Precision::f64, x, places);
  const Tensor cotangent = normal(rng, forward_both_ways(run).size());
  const Tensors g = gradient(run, c, cotangent, 1e-10);
  compare(r, run, c, g, differences(run, c, used, cotangent), cotangent);
}

void check_into(GradReport& r, const OpCase& c) {
  require_sound(c);
  Rng rng = stream_of(c);
  Tensors x;
  Places places;
  for (const ExampleInput& in : c.inputs) {
    places.push_back(x.size());
    x.push_back(draw(rng, in.low, in.high, in.shape.size(), {in.kink}));
  }
  OpRun run(c, Precision::f64, x, places);
  const Tensor y = forward_both_ways(run);
  const Tensor cotangent = normal(rng, y.size());
  const Tensors g = gradient(run, c, cotangent, 1e-10);
  const Tensors n = differences(run, c, std::vector<bool>(x.size(), true), cotangent);
  require_not_vacuous(c, n);
  compare(r, run, c, g, n, cotangent);
  for (const Precision p : {Precision::f32, Precision::bf16})
    against_double(r, p, c, x, places, cotangent, y, g);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = i + 1; j < x.size(); ++j) try {
        same_variable_twice(r, c, rng, x, i, j);
      } catch (const Error& e) {
        fail("one variable as inputs ", i, " and ", j, ": ", e.what());
      }
}

}  // namespace

GradReport check_case(const OpCase& c) {
  GradReport r;
  r.name = c.op;
  r.example = c.note;
  r.tolerance = c.tolerance;
  try {
    check_into(r, c);
  } catch (const Error& e) {
    r.ok = false;
    r.failure = e.what();
  }
  return r;
}

void require_sound_options(const GradcheckOptions& o) {
  const auto share = [](std::string_view what, double v) {
    require(v > 0 && v < 1, "[gradcheck] the ", what, " is ", v, "; it must lie between 0 and 1");
  };
  share("step", o.step);
  share("tolerance", o.tolerance);
  require(o.elements >= 0, "[gradcheck] ", o.elements, " elements are to be compared; 0 means all");
}

void require_op_name(std::string_view name, std::span<const std::string> names) {
  require(std::find(names.begin(), names.end(), name) != names.end(), "there is no op named '",
          name, "'", did_you_mean(name, names));
}

}  // namespace planet::detail

namespace planet {
bool all_ok(std::span<const GradReport> reports) {
  return !reports.empty() &&
         std::all_of(reports.begin(), reports.end(), [](const GradReport& r) { return r.ok; });
}
}  // namespace planet
