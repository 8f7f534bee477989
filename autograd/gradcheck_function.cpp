// check_grads: the inputs of a function as the parameters of a model, and its report as text.
#include <algorithm>
#include <cstdio>
#include <ostream>

#include "autograd/base/index.hpp"
#include "autograd/gradcheck_internal.hpp"

namespace planet {
namespace detail {

Tensor draw(Rng& rng, double low, double high, std::ptrdiff_t n,
            std::initializer_list<double> kinks) {
  static const double usual = GradcheckOptions().step;
  Tensor x(index(n));
  const auto near = [&](double v) {
    return std::any_of(kinks.begin(), kinks.end(),
                       [&](double k) { return std::abs(v - k) < 100 * step_at(v, usual); });
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

void fail_number_of_inputs(std::size_t given, std::size_t taken) {
  fail("[check_grads] ", given, given == 1 ? " input was" : " inputs were",
       " given, and the function takes ", taken, " after the tape");
}

namespace {

void require_sound(const CheckInput& in, std::size_t i) {
  const auto wrong = [&](const auto&... parts) { fail("[check_grads] input ", i, ": ", parts...); };
  for (int axis = 0; axis < in.shape.rank(); ++axis)
    if (in.shape[axis] < 1) wrong("its shape ", in.shape, " has an axis shorter than 1");
  if (!in.values.empty()) {
    if (std::ssize(in.values) != in.shape.size())
      wrong(in.values.size(), " values do not fill the shape ", in.shape);
    return;
  }
  if (!(in.low < in.high)) wrong("the range ", in.low, " to ", in.high, " is empty");
  if (!std::isnan(in.kink) && !(in.low < in.kink && in.kink < in.high && in.shape.size() > 1))
    wrong("it cannot lie on both sides of its kink ", in.kink, ": ", in.shape.size(),
          in.shape.size() == 1 ? " element" : " elements", " between ", in.low, " and ", in.high);
}

}  // namespace

CheckReport check_function(const CheckFunction& f, std::span<const CheckInput> inputs,
                           const GradcheckOptions& options) {
  ParamStore store(Precision::f64);
  std::vector<const Param*> params;
  std::vector<double> kinks;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    require_sound(inputs[i], i);
    params.push_back(&store.add(cat("input ", i), inputs[i].shape));
    kinks.push_back(inputs[i].kink);
  }
  Rng rng(0, Stream::check);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const CheckInput& in = inputs[i];
    const Tensor x =
        in.values.empty() ? draw(rng, in.low, in.high, in.shape.size(), {in.kink}) : in.values;
    std::copy(x.begin(), x.end(), params[i]->value<double>());
  }
  const auto with_inputs = [&](Tape& tape) {
    std::vector<Var> x;
    for (const Param* p : params) x.push_back(tape.use(*p));
    return f(tape, x);
  };
  return {check_params(with_inputs, store, options, false, kinks)};
}

}  // namespace detail

std::ostream& operator<<(std::ostream& out, const CheckReport& report) {
  for (const GradReport& r : report.inputs) {
    char worst[80];
    std::snprintf(worst, sizeof worst, "worst error %.1e (tolerance %.1e)", r.worst, r.tolerance);
    out << r.name << " " << r.example << ": "
        << (!r.ok      ? "FAILED"
            : r.proved ? "ok"
                       : "not proved")
        << ", " << r.derivatives << (r.derivatives == 1 ? " derivative" : " derivatives");
    if (r.derivatives > 0) out << ", " << worst << " at " << r.place();
    out << "\n";
    if (!r.failure.empty() || !r.note.empty()) out << "  " << (r.ok ? r.note : r.failure) << "\n";
  }
  return out;
}

}  // namespace planet
