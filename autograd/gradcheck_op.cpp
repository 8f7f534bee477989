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
//   9. float agrees with double to 1e-4 of the largest magnitude; inference and recording agree
//      bit for bit
#include <algorithm>
#include <cmath>

#include "autograd/base/philox.hpp"
#include "autograd/base/text.hpp"
#include "autograd/gradcheck.hpp"
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

// Uniform values, 100 h away from the kinks and on both sides of each; exact in float.
Tensor draw(Rng& rng, double low, double high, std::ptrdiff_t n,
            std::initializer_list<double> kinks) {
  Tensor x(static_cast<std::size_t>(n));
  const auto near = [&](double v) {
    return std::any_of(kinks.begin(), kinks.end(),
                       [&](double k) { return std::abs(v - k) < 100 * step(v); });
  };
  const auto one_sided = [&](double k) {
    if (!(low < k && k < high)) return false;
    const auto below = std::count_if(x.begin(), x.end(), [&](double v) { return v < k; });
    return below == 0 || below == n;
  };
  for (int attempt = 0; attempt < 1000; ++attempt) {
    for (double& v : x) do
        v = static_cast<float>(rng.uniform(low, high));
      while (near(v));
    if (std::none_of(kinks.begin(), kinks.end(), one_sided)) return x;
  }
  fail("no values were found on both sides of a kink between ", low, " and ", high);
}

Tensor normal(Rng& rng, std::size_t n) {
  Tensor x(n);
  for (double& v : x) v = static_cast<float>(rng.normal());
  return x;
}

// ---- finite differences ------------------------------------------------------------------------

void require_finite(const Tensor& x, std::string_view what) {
  for (std::size_t i = 0; i < x.size(); ++i)
    require(std::isfinite(x[i]), "the ", what, " is ", x[i], " at element ", i);
}

// d(cotangent . y)/dx[e] for one element of one input. Differences are taken output by output, so
// that outputs which do not depend on x[e] cancel exactly.
double derivative(OpRun& run, std::size_t input, std::size_t e, const Tensor& y,
                  const Tensor& cotangent) {
  double& x = run.value(input)[e];
  const double x0 = x, h = step(x0);
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
    require(std::abs(right - left) <= kink_jump * size, "a hidden kink: result ", j, " has slope ",
            left, " below and ", right, " above element ", e, " of input ", input, " (", x0,
            "); choose the example's range so that no kink lies within ", 100 * h);
    sum += cotangent[j] * (y_above[j] - y_below[j]) / (above - below);
  }
  return sum;
}

Tensors differences(OpRun& run, const OpCase& c, const std::vector<bool>& used,
                    const Tensor& cotangent) {
  const Tensor y = run.forward(Mode::record);
  Tensors d(c.inputs.size());
  for (std::size_t i = 0; i < d.size(); ++i) {
    if (!c.differentiable[i] || !used[i]) continue;
    for (std::ptrdiff_t e = 0; e < c.inputs[i].shape.size(); ++e)
      d[i].push_back(derivative(run, i, static_cast<std::size_t>(e), y, cotangent));
  }
  return d;
}

// ---- comparing ---------------------------------------------------------------------------------

bool close(const Tensor& a, const Tensor& n, double factor = 1) {
  double size = 0, error = 0;
  for (const double v : n) size = std::max(size, std::abs(v));
  for (std::size_t e = 0; e < n.size(); ++e)
    error = std::max(error, std::abs(a[e] - factor * n[e]));
  return a.size() == n.size() && error <= 1e-5 * std::max(1.0, std::abs(factor)) * size;
}

// The kind of mistake that turns n[i], the right gradient of input i, into a[i].
std::string diagnosis(const Tensors& a, const Tensors& n, std::size_t i) {
  for (std::size_t j = 0; j < n.size(); ++j)
    if (j != i && n[i].size() == n[j].size() && close(a[i], n[j]) && close(a[j], n[i]))
      return cat("inputs ", std::min(i, j), " and ", std::max(i, j), " have each other's gradient");
  if (std::all_of(a[i].begin(), a[i].end(), [](double v) { return v == 0; }))
    return "backward adds nothing to it";
  const auto largest = std::max_element(
      n[i].begin(), n[i].end(), [](double x, double y) { return std::abs(x) < std::abs(y); });
  const double factor = a[i][static_cast<std::size_t>(largest - n[i].begin())] / *largest;
  if (std::abs(factor + 1) < 1e-5 && close(a[i], n[i], -1)) return "it has the wrong sign";
  if (close(a[i], n[i], factor)) return cat("all of it is ", factor, " times what it should be");
  return "a term is missing or wrong";
}

void compare(GradReport& r, const Tensors& a, const Tensors& n) {
  for (std::size_t i = 0; i < n.size(); ++i)
    for (std::size_t e = 0; e < n[i].size(); ++e) {
      const double size = std::max(std::abs(a[i][e]), std::abs(n[i][e]));
      const double error = std::abs(a[i][e] - n[i][e]) / (size + absolute / r.tolerance);
      ++r.derivatives;
      if (!(error <= r.worst)) {  // both are finite
        r.worst = error;
        r.input = static_cast<int>(i);
        r.element = static_cast<std::ptrdiff_t>(e);
        r.analytic = a[i][e];
        r.numeric = n[i][e];
      }
    }
  if (!(r.worst <= r.tolerance))
    fail("the gradient of input ", r.input, " is ", r.analytic, " at element ", r.element,
         ", finite differences give ", r.numeric, ": ",
         diagnosis(a, n, static_cast<std::size_t>(r.input)));
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

// ---- float against double ----------------------------------------------------------------------

void agree(GradReport& r, const Tensor& f, const Tensor& d, const std::string& what) {
  double size = 0, error = 0;
  for (std::size_t e = 0; e < d.size(); ++e) {
    size = std::max(size, std::abs(d[e]));
    error = std::max(error, std::abs(f[e] - d[e]));  // both are finite
  }
  r.float_error = std::max(r.float_error, size > 0 ? error / size : 0);
  require(error <= float_agreement * size, "float differs from double: the ", what, " is off by ",
          error, " where its largest magnitude is ", size);
}

void float_against_double(GradReport& r, const OpCase& c, const Tensors& x, const Places& places,
                          const Tensor& cotangent, const Tensor& y, const Tensors& g) {
  OpRun run(c, Precision::f32, x, places);
  agree(r, forward_both_ways(run), y, "result");
  const Tensors g_float = gradient(run, c, cotangent, 1e-5);
  for (std::size_t i = 0; i < g.size(); ++i)
    if (c.differentiable[i]) agree(r, g_float[i], g[i], cat("gradient of input ", i));
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
  compare(r, g, differences(run, c, used, cotangent));
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
  compare(r, g, n);
  float_against_double(r, c, x, places, cotangent, y, g);
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
