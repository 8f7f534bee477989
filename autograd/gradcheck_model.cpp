// The gradient check of a whole model: every parameter's gradient against central differences of
// the loss. The policy is that of a single op (gradcheck_op.cpp), but the result is one number, and
// there are thousands of kinks on the way to it.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>

#include "autograd/base/index.hpp"
#include "autograd/base/philox.hpp"
#include "autograd/base/text.hpp"
#include "autograd/gradcheck.hpp"

namespace planet {
namespace {

class ModelCheck {
 public:
  ModelCheck(const LossFunction& loss, ParamStore& params, const GradcheckOptions& options)
      : loss_(loss), params_(params), options_(options) {
    require(params.precision() == Precision::f64, "[gradcheck] the parameters are ",
            name(params.precision()), "; finite differences need f64");
    grads_ = params.grads<double>();
  }

  std::vector<GradReport> run() {
    require_known_names();
    const std::vector<double> found(grads_, grads_ + params_.size());
    std::vector<GradReport> reports;
    try {
      const std::vector<double> g = gradient();
      for (const Param& p : params_.params())
        if (wanted(p.name)) reports.push_back(check(p, g.data() + p.offset));
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

  double value() {
    inference_.reset();
    return loss_(inference_).item();
  }

  // What backward adds to gradients that start at 0.25.
  std::vector<double> gradient() {
    std::fill_n(grads_, params_.size(), start);
    Tape tape(Precision::f64);
    const Var loss = loss_(tape);
    const double recorded = loss.item(), first = value(), second = value();
    require(std::isfinite(recorded), "[gradcheck] the loss is ", recorded);
    require(std::memcmp(&first, &second, sizeof first) == 0, "[gradcheck] the loss is ", first,
            " and then ", second, " for the same parameters; draw its noise once, outside");
    require(std::memcmp(&recorded, &first, sizeof first) == 0, "[gradcheck] the loss is ", recorded,
            " when recorded and ", first, " in inference mode");
    tape.backward(loss);
    std::vector<double> g(grads_, grads_ + params_.size());
    for (double& v : g) v -= start;
    return g;
  }

  double difference(double& x, double h) {
    const double x0 = x, above = x0 + h, below = x0 - h;
    x = above;
    const double loss_above = value();
    x = below;
    const double loss_below = value();
    x = x0;
    return (loss_above - loss_below) / (above - below);
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
    const double x0 = x, here = value();
    const auto slope = [&](double to) {
      x = to;
      const double there = value();
      x = x0;
      return (there - here) / (to - x0) + 0.0;  // 0 and never -0, for the sentence
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

  GradReport check(const Param& p, const double* g) {
    GradReport r;
    r.name = p.name;
    r.example = p.shape.str();
    r.tolerance = options_.tolerance;
    double largest = 0;
    for (const std::ptrdiff_t e : chosen(p, g)) largest = std::max(largest, compare(p, e, g[e], r));
    judge(r, largest, static_cast<std::size_t>(p.shape.size()));
    return r;
  }

  // Compares one element and returns the size of its derivative, 0 if it lies at a kink.
  double compare(const Param& p, std::ptrdiff_t e, double g, GradReport& r) {
    double& x = p.value<double>()[e];
    const double h = std::cbrt(std::numeric_limits<double>::epsilon()) * std::max(1.0, std::abs(x));
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
        kink = cat("element ", e, " of ", r.name, " lies at a kink: the slope is ", slopes->below,
                   " below it and ", slopes->above, " above it, and its gradient is ", g);
        if (between(*slopes, g)) {
          ++r.kinks;
          r.note = kink + "; it was not compared";
          return 0;
        }
      }
    ++r.derivatives;
    if (!std::isnan(r.worst) && !(off <= r.worst)) {  // the first NaN stays the worst
      r.worst = off;
      r.element = e;
      r.analytic = g;
      r.numeric = n;
      r.failure = kink;
    }
    return std::abs(n);
  }

  void judge(GradReport& r, double largest, std::size_t size) const {
    if (!(r.worst <= r.tolerance)) {
      r.ok = false;
      if (r.failure.empty())
        r.failure = cat("the gradient of ", r.name, " is ", r.analytic, " at element ", r.element,
                        ", finite differences give ", r.numeric);
      return;
    }
    r.proved = largest > options_.least;
    if (r.proved) return;
    const std::string why =
        cat("nothing was proved: no derivative by ", r.name, " exceeds ", options_.least,
            "; the largest is ", largest, r.kinks > 0 ? cat("; ", r.note) : "");
    r.ok = index(r.derivatives + r.kinks) < size;  // the check of all elements decides
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
  const LossFunction& loss_;
  ParamStore& params_;
  double* grads_ = nullptr;
  const GradcheckOptions& options_;
  Tape inference_{Precision::f64, Mode::inference};
};

}  // namespace

std::vector<GradReport> gradcheck(const LossFunction& loss, ParamStore& params,
                                  const GradcheckOptions& options) {
  return ModelCheck(loss, params, options).run();
}

}  // namespace planet
