// Inside gradcheck: one op on leaves of its own, run forward and backward under watch. The policy
// it serves is in gradcheck_op.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "autograd/gradcheck.hpp"
#include "autograd/ops.hpp"

namespace planet::detail {

using Tensor = std::vector<double>;
using Tensors = std::vector<Tensor>;  // one an input

inline double step(double x) {  // h: cube root of the rounding error, where truncation matches it
  static const double h = std::cbrt(std::numeric_limits<double>::epsilon());
  return h * std::max(1.0, std::abs(x));
}

// Which input's variable stands in each place: 0, 1, 2 ..., or i in the place of j as well.
using Places = std::vector<std::size_t>;

inline constexpr std::ptrdiff_t guard = 64;  // elements of untouchable memory around each input

// An op on the leaves of a store of its own: guard, input 0, guard, input 1, ..., guard.
template <class T>
class OpRun {
 public:
  OpRun(const OpCase& c, const Tensors& x, Places places) : case_(c), places_(std::move(places)) {
    store_.add("guard before input 0", {guard});
    for (std::size_t i = 0; i < x.size(); ++i) {
      inputs_.push_back(&store_.add(cat("input ", i), c.inputs[i].shape));
      store_.add(cat("guard after input ", i), {guard});
    }
    for (std::size_t i = 0; i < x.size(); ++i)
      std::transform(x[i].begin(), x[i].end(), value(i),
                     [](double v) { return static_cast<T>(v); });
  }

  T* value(std::size_t input) { return inputs_[input]->value(); }

  /// The result, recorded or in inference mode; the inputs must come out as they went in.
  std::vector<T> forward(Mode mode) {
    Tape<T>& tape = mode == Mode::record ? record_ : inference_;
    const std::vector<T> before = slab(store_.values());
    const auto y = run(tape).value();
    require(same_bits(before, slab(store_.values())), "forward writes to its inputs' values");
    return {y.begin(), y.end()};
  }

  /// What backward adds to each input's gradient, whose elements all start at `from`. By way of
  /// copies the op's own gradients are memory that nothing was written to.
  Tensors backward(const Tensor& cotangent, double from, bool copies = false) {
    std::fill_n(store_.grads(), store_.size(), static_cast<T>(from));
    const std::vector<T> before = slab(store_.values());
    const Var<T> y = run(record_, copies);
    const std::vector<T> dy(cotangent.begin(), cotangent.end());
    if (takes_gradient()) record_.backward(y, dy);
    else expect_no_backward(y, dy);
    require(same_bits(before, slab(store_.values())), "backward writes to its inputs' values");
    require_untouched(static_cast<T>(from));
    Tensors added;
    for (const Param<T>* p : inputs_) {
      Tensor& g = added.emplace_back(p->grad(), p->grad() + p->shape.size());
      for (double& v : g) v -= from;
    }
    return added;
  }

 private:
  Var<T> run(Tape<T>& tape, bool copies = false) {
    tape.reset();
    tape.check_finite(copies);  // memory handed out to be assigned is NaN
    std::vector<Var<T>> leaves, in;
    for (const Param<T>* p : inputs_)
      leaves.push_back(copies ? scale(tape.use(*p), 1) : tape.use(*p));
    for (const std::size_t i : places_) in.push_back(leaves[i]);
    return case_.record<T>(tape, in);
  }
  bool takes_gradient() const {
    return std::find(case_.differentiable.begin(), case_.differentiable.end(), true) !=
           case_.differentiable.end();
  }
  void expect_no_backward(Var<T> y, const std::vector<T>& dy) {
    try {
      record_.backward(y, dy);
    } catch (const Error&) {
      return;
    }
    fail("no input of the op takes a gradient, but backward() went through it");
  }
  void require_untouched(T from) {
    const auto whole = [&](const Param<T>& p) {
      return std::all_of(p.grad(), p.grad() + p.shape.size(), [=](T g) { return g == from; });
    };
    for (const Param<T>& p : store_.params())
      require(!p.name.starts_with("guard") || whole(p), "backward writes outside a gradient, ",
              p.name.substr(std::string_view("guard ").size()), " (is a broadcast not summed up?)");
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      require(case_.differentiable[i] || whole(*inputs_[i]),
              "backward writes to the gradient of input ", i,
              ", which is declared as not differentiable");
  }
  std::vector<T> slab(const T* data) const { return {data, data + store_.size()}; }

 public:
  static bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
  }

 private:
  const OpCase& case_;
  Places places_;
  ParamStore<T> store_;
  std::vector<const Param<T>*> inputs_;
  Tape<T> record_{Mode::record}, inference_{Mode::inference};
};

}  // namespace planet::detail
