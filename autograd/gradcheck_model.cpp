// The gradient check of a whole function: the gradient of every parameter against central
// differences of a loss, or of any result weighted with a cotangent. The policy is that of a single
// op (gradcheck_op.cpp), but there may be thousands of kinks on the way to the result.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "autograd/base/index.hpp"
#include "autograd/base/text.hpp"
#include "autograd/gradcheck_internal.hpp"

namespace planet::detail {
namespace {

class ParamCheck {
 public:
  ParamCheck(const std::function<Var(Tape&)>& f, ParamStore& params,
             const GradcheckOptions& options, bool scalar, const std::vector<double>& kinks)
      : f_(f), params_(params), options_(options), scalar_(scalar), kinks_(kinks) {
    require_sound_options(options);
    require(params.precision() == Precision::f64, "[gradcheck] the parameters are ",
            name(params.precision()), "; finite differences need f64");
    grads_ = params.grads<double>();
  }

  std::vector<GradReport> run() {
    require_known_names();
    const std::vector<double> found(grads_, grads_ + params_.size());
    std::vector<GradReport> reports;
    try {
      evaluate_first();
      const Tensor g = gradient(start), from_zero = gradient(0);
      for (const Param& p : params_.params())
        if (wanted(p.name))
          reports.push_back(check(p, g.data() + p.offset, from_zero.data() + p.offset));
    } catch (...) {
      std::copy(found.begin(), found.end(), grads_);
      throw;
    }
    std::copy(found.begin(), found.end(), grads_);
    return reports;
  }

 private:
  bool wanted(const std::string& name) const {
    return options_.only.empty() ||
           std::find(options_.only.begin(), options_.only.end(), name) != options_.only.end();
  }

  void require_known_names() const {
    std::vector<std::string> names;
    for (const Param& p : params_.params()) names.push_back(p.name);
    for (const std::string& name : options_.only)
      require(params_.find(name) != nullptr, "[gradcheck] there is no parameter named '", name, "'",
              did_you_mean(name, names));
  }

  Tensor value() {
    inference_.reset();
    return f_(inference_).values();
  }

  // The result, its cotangent, and that f is the same function at every call.
  void evaluate_first() {
    Tape tape(Precision::f64);
    const Var y = f_(tape);
    result_ = y.shape();
    require(
        !scalar_ || result_.size() == 1, "[gradcheck] the loss has shape ", result_,
        "; it must be one number: return sum(...) or mean(...) of it, or call check_grads, which "
        "takes a result of any shape");
    y_ = y.values();
    const Tensor first = value(), second = value();
    require(y_.size() == first.size() && first.size() == second.size(), what(),
            " has another shape at each call");
    const char* const function = scalar_ ? "parameters" : "inputs";
    for (std::size_t j = 0; j < y_.size(); ++j) {
      const std::string at = scalar_ ? "" : cat(" at ", place_in(result_, std::ptrdiff_t(j)));
      require(std::isfinite(y_[j]), what(), " is ", y_[j], at);
      require(same_bits(first[j], second[j]), what(), " is ", first[j], " and then ", second[j], at,
              " for the same ", function, "; draw its noise once, outside");
      require(same_bits(y_[j], first[j]), what(), " is ", y_[j], at, " when recorded and ",
              first[j], " in inference mode");
    }
    Rng rng(1, Stream::check);
    cotangent_ = scalar_ ? Tensor{1} : normal(rng, y_.size());
  }
  std::string what() const { return scalar_ ? "[gradcheck] the loss" : "[check_grads] the result"; }
  static bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

  // What backward adds to gradients that all start at `from`.
  Tensor gradient(double from) {
    std::fill_n(grads_, params_.size(), from);
    Tape tape(Precision::f64);
    tape.backward(f_(tape), cotangent_);
    Tensor g(grads_, grads_ + params_.size());
    for (double& v : g) v -= from;
    return g;
  }

  // cotangent . (y - y2), result by result, so that those which x does not reach cancel exactly.
  double change(const Tensor& y, const Tensor& y2) const {
    double sum = 0;
    for (std::size_t j = 0; j < y.size(); ++j) sum += cotangent_[j] * (y[j] - y2[j]);
    return sum;
  }

  double difference(double& x, double h) {
    const double x0 = x, above = x0 + h, below = x0 - h;
    x = above;
    const Tensor y_above = value();
    x = below;
    const Tensor y_below = value();
    x = x0;
    return change(y_above, y_below) / (above - below);
  }

  double error(double a, double n) const {
    return std::abs(a - n) /
           (std::max(std::abs(a), std::abs(n)) + options_.absolute / options_.tolerance);
  }

  struct Slopes {
    double below, above;
  };

  // The slopes on the two sides of x if x is a kink. As h shrinks they approach each other where
  // the loss is smooth, and keep their distance at a kink.
  std::optional<Slopes> kink_at(double& x, double h) {
    const double x0 = x;
    const auto slope = [&](double to) {
      x = to;
      const Tensor there = value();
      x = x0;
      return change(there, y_) / (to - x0) + 0.0;  // 0 and never -0, for the sentence
    };
    const double jump = std::abs(slope(x0 + h) - slope(x0 - h));
    const Slopes near{slope(x0 - h / 64), slope(x0 + h / 64)};
    const bool kink =
        jump > 100 * options_.absolute && std::abs(near.above - near.below) > jump / 2;
    return kink ? std::optional(near) : std::nullopt;
  }

  // Any number between the two slopes is a subgradient.
  bool between(const Slopes& k, double g) const {
    const auto [low, high] = std::minmax(k.below, k.above);
    const double rounding = options_.tolerance * std::max(std::abs(low), std::abs(high)) +
                            64 * options_.absolute;  // the slopes are differences of h / 64
    return low - rounding <= g && g <= high + rounding;
  }

  GradReport check(const Param& p, const double* g, const double* from_zero) {
    GradReport r;
    r.name = p.name;
    r.example = p.shape.str();
    r.shape = p.shape;
    r.tolerance = options_.tolerance;
    for (std::ptrdiff_t e = 0; e < p.shape.size(); ++e)
      if (std::abs(g[e] - from_zero[e]) > 1e-10 * std::max(1.0, std::abs(g[e]))) {
        r.ok = false;
        r.element = e;
        r.failure =
            cat("the gradient of ", r.name,
                " depends on what it was before: backward assigns (=) where it must add (+=)");
        return r;
      }
    Compared c{.shape = p.shape, .kink = kinks_.empty() ? NAN : kinks_[p.index]};
    for (const std::ptrdiff_t e : chosen(p, g)) compare(p, e, g[e], r, c);
    judge(r, p, c);
    return r;
  }

  double spacing(double x) const { return step_at(x, options_.step); }

  // Compares one element, unless it lies at a kink.
  void compare(const Param& p, std::ptrdiff_t e, double g, GradReport& r, Compared& c) {
    double& x = p.value<double>()[e];
    const double h = spacing(x);
    double n = difference(x, h), off = error(g, n);
    for (const double smaller : {h / 8, h / 64}) {
      if (off <= r.tolerance) break;
      r.smaller_steps += smaller == h / 8;
      const double again = difference(x, smaller);
      if (!(error(g, again) < off)) continue;
      n = again;
      off = error(g, n);
    }
    std::string kink;
    if (off > r.tolerance)
      if (const auto slopes = kink_at(x, h)) {
        kink = cat("element ", place_in(p.shape, e), " of ", r.name,
                   " lies at a kink: the slope is ", slopes->below, " below it and ", slopes->above,
                   " above it, and its gradient is ", g);
        if (between(*slopes, g)) {
          ++r.kinks;
          r.note = kink + "; it was not compared";
          return;
        }
      }
    ++r.derivatives;
    c.elements.push_back(e);
    c.x.push_back(x);
    c.analytic.push_back(g);
    c.numeric.push_back(n);
    c.wrong.push_back(!(off <= r.tolerance));
    if (!std::isnan(r.worst) && !(off <= r.worst)) {  // the first NaN stays the worst
      r.worst = off;
      r.element = e;
      r.analytic = g;
      r.numeric = n;
      r.failure = kink;
    }
  }

  // The derivatives of the elements in c with the cotangent of one row of the result alone.
  Tensor from_row(const Param& p, const Compared& c, std::ptrdiff_t row) {
    const Tensor all = std::exchange(cotangent_, row_alone(result_, cotangent_, row));
    Tensor d;
    for (const std::ptrdiff_t e : c.elements) {
      double& x = p.value<double>()[e];
      d.push_back(difference(x, spacing(x)));
    }
    cotangent_ = all;
    return d;
  }

  void judge(GradReport& r, const Param& p, const Compared& c) {
    if (!(r.worst <= r.tolerance)) {
      r.ok = false;
      if (!r.failure.empty()) return;  // a kink
      const auto worst = std::find(c.elements.begin(), c.elements.end(), r.element);
      r.failure = cat("the gradient of ", r.name, " is ",
                      describe(c, index(worst - c.elements.begin())), "; ",
                      likely_kind(c, rows_of(result_),
                                  [&](std::ptrdiff_t row) { return from_row(p, c, row); }));
      return;
    }
    double largest = 0;
    for (const double n : c.numeric) largest = std::max(largest, std::abs(n));
    r.proved = largest > options_.least;
    if (r.proved) return;
    const std::string why =
        cat("nothing was proved: no derivative by ", r.name, " exceeds ", options_.least,
            "; the largest is ", largest, r.kinks > 0 ? cat("; ", r.note) : "");
    r.ok = r.derivatives + r.kinks < p.shape.size();  // the check of all elements decides
    (r.ok ? r.note : r.failure) = why;
  }

  // All elements, or as many as asked for, sorted: the first of a shuffled order and, if backward
  // finds no derivative worth comparing among these, the element where it finds the largest.
  std::vector<std::ptrdiff_t> chosen(const Param& p, const double* g) const {
    std::vector<std::ptrdiff_t> e(index(p.shape.size()));
    std::iota(e.begin(), e.end(), 0);
    if (options_.elements <= 0 || options_.elements >= p.shape.size()) return e;
    const auto smaller = [&](std::ptrdiff_t i, std::ptrdiff_t j) {
      return std::abs(g[i]) < std::abs(g[j]);
    };
    const std::ptrdiff_t largest = *std::max_element(e.begin(), e.end(), smaller);
    Rng rng(0, Stream::check, static_cast<std::uint32_t>(p.index));
    const std::size_t count = index(options_.elements);
    for (std::size_t i = 0; i < count; ++i) std::swap(e[i], e[i + rng.below(e.size() - i)]);
    e.resize(count);
    if (!(std::abs(g[*std::max_element(e.begin(), e.end(), smaller)]) > options_.least))
      if (std::find(e.begin(), e.end(), largest) == e.end()) e.push_back(largest);
    std::sort(e.begin(), e.end());
    return e;
  }

  static constexpr double start = 0.25;
  const std::function<Var(Tape&)>& f_;
  ParamStore& params_;
  double* grads_ = nullptr;
  const GradcheckOptions& options_;
  const bool scalar_;
  const std::vector<double>& kinks_;
  Shape result_;
  Tensor y_, cotangent_;  // at the point, in its elements' order
  Tape inference_{Precision::f64, Mode::inference};
};

}  // namespace

std::vector<GradReport> check_params(const std::function<Var(Tape&)>& f, ParamStore& params,
                                     const GradcheckOptions& options, bool scalar,
                                     const std::vector<double>& kinks) {
  return ParamCheck(f, params, options, scalar, kinks).run();
}

}  // namespace planet::detail

namespace planet {

std::vector<GradReport> gradcheck(const LossFunction& loss, ParamStore& params,
                                  const GradcheckOptions& options) {
  return detail::check_params(loss, params, options, true);
}

}  // namespace planet
