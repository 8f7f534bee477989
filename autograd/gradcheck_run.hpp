// Internal to gradcheck: runs one op forward and backward on leaves of its own and checks what it
// reads and writes. The policy is in gradcheck_op.cpp.
#pragma once

#include <algorithm>
#include <cstring>
#include <utility>

#include "autograd/gradcheck_internal.hpp"
#include "autograd/ops.hpp"

namespace planet::detail {

// Which leaf each input uses: 0, 1, 2 ..., or leaf i for input j as well.
using Places = std::vector<std::size_t>;

inline constexpr std::ptrdiff_t guard = 64;  // elements around each input that must not be written

// An op on the leaves of a store of its own: guard, input 0, guard, input 1, ..., guard. Numbers
// are returned as doubles in either precision; a double holds every float exactly.
class OpRun {
 public:
  OpRun(const OpCase& c, Precision precision, const Tensors& x, Places places)
      : case_(c),
        places_(std::move(places)),
        store_(precision),
        record_(precision),
        inference_(precision, Mode::inference) {
    store_.add("guard before input 0", {guard});
    for (std::size_t i = 0; i < x.size(); ++i) {
      inputs_.push_back(&store_.add(cat("input ", i), c.inputs[i].shape));
      store_.add(cat("guard after input ", i), {guard});
    }
    with_elements(precision, [&](auto t) {
      using T = decltype(t);
      for (std::size_t i = 0; i < x.size(); ++i)
        std::transform(x[i].begin(), x[i].end(), inputs_[i]->value<T>(),
                       [](double v) { return static_cast<T>(v); });
    });
  }

  double* value(std::size_t input) { return inputs_[input]->value<double>(); }  // f64 only

  /// The result, recorded or in inference mode; throws if the inputs' values were changed.
  Tensor forward(Mode mode) {
    Tape& tape = mode == Mode::record ? record_ : inference_;
    const Tensor before = values();
    const Tensor y = run(tape).values();
    require(same_bits(before, values()), "forward writes to its inputs' values");
    return y;
  }

  /// What backward adds to each input's gradient, whose elements all start at `from`. With `copies`
  /// the op reads copies of the leaves, whose gradients it is the first to write and may assign.
  Tensors backward(const Tensor& cotangent, double from, bool copies = false) {
    with_elements(store_.precision(), [&](auto t) {
      std::fill_n(store_.grads<decltype(t)>(), store_.size(), static_cast<decltype(t)>(from));
    });
    const Tensor before = values();
    const Var y = run(record_, copies);
    if (takes_gradient()) record_.backward(y, cotangent);
    else expect_no_backward(y, cotangent);
    require(same_bits(before, values()), "backward writes to its inputs' values");
    require_untouched(from);
    Tensors added;
    for (const Param* p : inputs_)
      for (double& g : added.emplace_back(gradient(*p))) g -= from;
    return added;
  }

  const Shape& result() const { return result_; }  // the shape of the last one

  static bool same_bits(const Tensor& a, const Tensor& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
  }

 private:
  Var run(Tape& tape, bool copies = false) {
    tape.reset();
    tape.check_finite(copies);  // then gradients to be assigned start as NaN
    std::vector<Var> leaves, in;
    for (const Param* p : inputs_) leaves.push_back(copies ? scale(tape.use(*p), 1) : tape.use(*p));
    for (const std::size_t i : places_) in.push_back(leaves[i]);
    const Var y = case_.record(in, case_.attr);
    result_ = y.shape();
    return y;
  }
  bool takes_gradient() const {
    return std::find(case_.differentiable.begin(), case_.differentiable.end(), true) !=
           case_.differentiable.end();
  }
  void expect_no_backward(Var y, const Tensor& dy) {
    try {
      record_.backward(y, dy);
    } catch (const Error&) {
      return;
    }
    fail("no input of the op takes a gradient, but backward() went through it");
  }
  void require_untouched(double from) {
    const auto whole = [&](const Param& p) {
      const Tensor g = gradient(p);
      return std::all_of(g.begin(), g.end(), [=](double v) { return v == from; });
    };
    for (const Param& p : store_.params())
      require(!p.name.starts_with("guard") || whole(p), "backward writes outside a gradient, ",
              p.name.substr(std::string_view("guard ").size()), " (is a broadcast not summed up?)");
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      require(case_.differentiable[i] || whole(*inputs_[i]),
              "backward writes to the gradient of input ", i,
              ", which is declared as not differentiable");
  }
  Tensor values() const {
    return with_elements(store_.precision(), [&](auto t) {
      const auto* first = store_.values<decltype(t)>();
      return Tensor(first, first + store_.size());
    });
  }
  Tensor gradient(const Param& p) const {
    return with_elements(store_.precision(), [&](auto t) {
      const auto* first = p.grad<decltype(t)>();
      return Tensor(first, first + p.shape.size());
    });
  }

  const OpCase& case_;
  Places places_;
  ParamStore store_;
  std::vector<const Param*> inputs_;
  Tape record_, inference_;
  Shape result_;
};

}  // namespace planet::detail
