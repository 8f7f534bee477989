// The part of the tape that knows an op's type: Tape::record and Call. Included by tape.hpp.
#pragma once

#include <cstring>
#include <new>

#include "autograd/tape.hpp"

namespace planet {

template <class T, class Attr>
int Call<T, Attr>::arity() const {
  return node_.arity;
}
template <class T, class Attr>
const T* Call<T, Attr>::x(int i) const {
  return tape_.nodes_[node_.in[i]].value;
}
template <class T, class Attr>
const Shape& Call<T, Attr>::shape(int i) const {
  return node_.in_shapes[i];
}
template <class T, class Attr>
T* Call<T, Attr>::dx(int i) const {
  return tape_.gradient_of(tape_.nodes_[node_.in[i]]);
}
template <class T, class Attr>
GradSink<T> Call<T, Attr>::sink(int i) const {
  return tape_.gradient_sink(tape_.nodes_[node_.in[i]]);
}
template <class T, class Attr>
T* Call<T, Attr>::y() const {
  return node_.value;
}
template <class T, class Attr>
const Shape& Call<T, Attr>::shape() const {
  return node_.shape;
}
template <class T, class Attr>
T* Call<T, Attr>::dy() const {
  return node_.grad;
}
template <class T, class Attr>
T* Call<T, Attr>::saved() const {
  return node_.saved;
}
template <class T, class Attr>
const Attr& Call<T, Attr>::attr() const {
  static constexpr Attr none{};
  return node_.attr ? *static_cast<const Attr*>(node_.attr) : none;
}
template <class T, class Attr>
T* Call<T, Attr>::scratch(std::ptrdiff_t n) const {
  return tape_.arena_.template allocate_array<T>(static_cast<std::size_t>(n));
}

namespace detail {

template <class T, class Op>
inline constexpr OpInfo<T> info_of{Op::name,
                                   [](Tape<T>& tape, Node<T>& node) {
                                     if constexpr (ComputedOp<Op>)
                                       Op::forward(Call<T, AttrOf<Op>>(tape, node));
                                   },
                                   [](Tape<T>& tape, Node<T>& node) {
                                     if constexpr (ComputedOp<Op>)
                                       Op::backward(Call<T, AttrOf<Op>>(tape, node));
                                   }};

}  // namespace detail

template <class T>
template <class Op, class List>
Var<T> Tape<T>::record(std::span<const Var<T>> inputs, const AttrOf<Op>& attr) {
  using Attr = AttrOf<Op>;
  static_assert(NamedOp<Op>, "an op needs a name, an arity and shape(Shapes, const Attr&)");
  static_assert(ViewOp<Op> || ComputedOp<Op>,
                "an op needs forward and backward, for float and for double");
  static_assert(OpWithExamples<Op>, "an op needs a non-empty `examples` array: its gradient check");
  static_assert(is_listed<Op, List>,
                "the op is not in its list: its gradient check would never run");
  static_assert(std::is_trivially_destructible_v<Attr>, "an op's Attr is never destroyed");

  Node& n = begin_record(Op::name, inputs, Op::arity);
  const Shapes in(n.in_shapes, n.arity);
  n.op = &detail::info_of<T, Op>;
  if constexpr (!std::is_empty_v<Attr>) n.attr = new (arena_.allocate(sizeof(Attr))) Attr(attr);
  try {
    n.shape = Op::shape(in, attr);
  } catch (const Error& e) {
    nodes_.pop_back();
    fail(label(Op::name, scope_), e.what());
  }
  bool wants_grad = false;
  for (int i = 0; i < n.arity; ++i)
    wants_grad |= is_differentiable<Op>(i) && nodes_[n.in[i]].needs_grad;

  if constexpr (ViewOp<Op>) {
    const Node& parent = nodes_[n.in[0]];
    n.alias = parent.alias;
    n.offset = parent.offset + Op::offset(in, attr);
    n.value = parent.value + Op::offset(in, attr);
    n.needs_grad = wants_grad && mode_ == Mode::record;
  } else {
    if constexpr (requires { Op::saved(in, attr); })
      n.saved = arena_.template allocate_array<T>(static_cast<std::size_t>(Op::saved(in, attr)));
    finish_value(n, wants_grad);
  }
  return handle(n);
}

}  // namespace planet
