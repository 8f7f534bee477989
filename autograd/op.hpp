// What an op is: one struct with its formula, its derivative and the inputs that check them.
//
// clang-format off
//   // y = tanh(x)                     dx += dy (1 - y^2)
//   struct Tanh {
//     static constexpr std::string_view name = "tanh";
//     static constexpr int arity = 1;                                      // or variadic
//     static Shape shape(Shapes in, const NoAttr&);                        // throws on bad input
//     template <class T> static void forward(const Call<T>& c);
//     template <class T> static void backward(const Call<T>& c);
//     static constexpr std::array examples = {Example<>{"both signs", {{{2, 3}, -2, 2}}}};
//   };
// clang-format on
//
// Optional members:
//   struct Attr {...};                           constants that are not tensors (a stride, a bound)
//   static std::ptrdiff_t saved(Shapes, const Attr&);   elements kept from forward for backward
//   static constexpr std::array<bool, arity> differentiable;   false: no gradient for that input
//   static constexpr bool is_view = true;  with  static std::ptrdiff_t offset(Shapes, const Attr&):
//       the result aliases input 0 from that element on, value and gradient alike; no forward and
//       no backward are needed.
//
// The contract of backward: ADD to dx(i), never assign; skip an input whose dx(i) is null; read
// only values, saved() and dy(). dy() may be overwritten, because it is not read afterwards. An op
// whose kernel can assign as well as add asks for sink(i) instead of dx(i): the first write to a
// large gradient then needs no clearing before it and no reading.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "autograd/op_list.hpp"
#include "autograd/tape.hpp"

namespace planet {

inline constexpr int max_example_inputs = 8;

struct NoAttr {};

/// One input of an example: its shape and the range from which its values are drawn. Values lie on
/// both sides of `kink`, at a distance from it.
struct ExampleInput {
  Shape shape;
  double low = -1, high = 1;
  double kink = std::numeric_limits<double>::quiet_NaN();
};

/// The inputs on which an op's gradient is checked.
template <class Attr = NoAttr>
struct Example {
  struct Inputs {
    std::array<ExampleInput, max_example_inputs> list{};
    int count = 0;
    constexpr Inputs(std::initializer_list<ExampleInput> inputs) {
      for (const ExampleInput& in : inputs) list[index(count++)] = in;
    }
  };
  std::string_view note;
  Inputs inputs;
  Attr attr{};
  double tolerance = 1e-6;  // relative; another value needs a reason
  std::string_view reason = {};
};

namespace detail {
template <class Op>
struct FindAttr {
  using type = NoAttr;
};
template <class Op>
requires requires { typename Op::Attr; }
struct FindAttr<Op> {
  using type = typename Op::Attr;
};
}  // namespace detail

template <class Op>
using AttrOf = typename detail::FindAttr<Op>::type;

/// Where the gradient of an input goes. If `add`, it is added to what is there; otherwise the
/// memory is not initialised, and every element must be assigned. p is null if none is needed.
template <class T>
struct GradSink {
  T* p = nullptr;
  bool add = true;
  explicit operator bool() const { return p != nullptr; }
};

/// What forward and backward of an op see: plain pointers and shapes.
template <class T, class Attr = NoAttr>
struct Call {
  Tape& tape;
  detail::Node& node;

  int arity() const { return node.arity; }
  // Input i: its value and shape; its gradient, to be added to, or null when none is needed; and
  // the same as a sink, which may be memory to be assigned in full and can be asked for only once.
  const T* x(int i) const { return static_cast<const T*>(input(i).value); }
  const Shape& shape(int i) const { return node.in_shapes[i]; }
  T* dx(int i) const { return static_cast<T*>(tape.gradient_of(input(i))); }
  GradSink<T> sink(int i) const {
    GradSink<T> sink;
    sink.p = static_cast<T*>(tape.gradient_sink(input(i), sink.add));
    return sink;
  }
  // The result: its value, shape and (backward only) gradient.
  T* y() const { return static_cast<T*>(node.value); }
  const Shape& shape() const { return node.shape; }
  T* dy() const { return static_cast<T*>(node.grad); }

  T* saved() const { return static_cast<T*>(node.saved); }  // what forward left for backward
  Precision precision() const { return tape.precision(); }  // for the products of kernels/
  const Attr& attr() const {
    static constexpr Attr none{};
    return node.attr ? *static_cast<const Attr*>(node.attr) : none;
  }
  T* scratch(std::ptrdiff_t n) const {  // not initialised; valid until this call returns
    return static_cast<T*>(tape.allocate(n));
  }

 private:
  detail::Node& input(int i) const { return tape.nodes_[node.in[i]]; }
};

template <class Op>
concept ViewOp = requires(Shapes s, const AttrOf<Op>& a) {
  requires Op::is_view;
  { Op::offset(s, a) } -> std::convertible_to<std::ptrdiff_t>;
};

template <class Op>
concept ComputedOp = requires(const Call<double, AttrOf<Op>>& d, const Call<float, AttrOf<Op>>& f) {
  Op::template forward<double>(d);
  Op::template backward<double>(d);
  Op::template forward<float>(f);
  Op::template backward<float>(f);
};

template <class Op>
concept NamedOp = requires(Shapes s, const AttrOf<Op>& a) {
  { Op::name } -> std::convertible_to<std::string_view>;
  { Op::arity } -> std::convertible_to<int>;
  { Op::shape(s, a) } -> std::same_as<Shape>;
};

template <class Op>
concept OpWithExamples = requires {
  { Op::examples.size() } -> std::convertible_to<std::size_t>;
  requires(Op::examples.size() > 0);
};

template <class Op, class List>
inline constexpr bool is_listed = false;
template <class Op, class... Ops>
inline constexpr bool is_listed<Op, std::tuple<Ops...>> = (std::same_as<Op, Ops> || ...);

/// Does input i of Op take a gradient?
template <class Op>
constexpr bool is_differentiable(int i) {
  if constexpr (requires { Op::differentiable; }) return Op::differentiable[index(i)];
  else return true;
}

namespace detail {

template <class Op, class T>
void forward(Tape& tape, Node& node) {
  if constexpr (ComputedOp<Op>) Op::forward(Call<T, AttrOf<Op>>{tape, node});
}
template <class Op, class T>
void backward(Tape& tape, Node& node) {
  if constexpr (ComputedOp<Op>) Op::backward(Call<T, AttrOf<Op>>{tape, node});
}
template <class Op>
std::ptrdiff_t elements(Shapes in, const void* attr) {
  const auto& a = *static_cast<const AttrOf<Op>*>(attr);
  if constexpr (ViewOp<Op>) return Op::offset(in, a);
  else if constexpr (requires { Op::saved(in, a); }) return Op::saved(in, a);
  else return 0;
}
template <class Op>
constexpr const bool* differentiable() {
  if constexpr (requires { Op::differentiable; }) return Op::differentiable.data();
  else return nullptr;
}

template <class Op>
inline constexpr OpInfo info_of{
    .name = Op::name,
    .arity = Op::arity,
    .is_view = ViewOp<Op>,
    .differentiable = differentiable<Op>(),
    .attr_size = std::is_empty_v<AttrOf<Op>> ? 0 : sizeof(AttrOf<Op>),
    .shape = [](Shapes in,
                const void* a) { return Op::shape(in, *static_cast<const AttrOf<Op>*>(a)); },
    .elements = elements<Op>,
    .forward = {forward<Op, float>, forward<Op, double>},
    .backward = {backward<Op, float>, backward<Op, double>}};

Tape& tape_of(const OpInfo& op, std::span<const Var> inputs);

}  // namespace detail

/// {a, b}, or any list of Vars; not kept.
struct Inputs : std::span<const Var> {
  Inputs(std::initializer_list<Var> list) : span(list.begin(), list.size()) {}
  Inputs(std::span<const Var> list) : span(list) {}
};

/// Computes Op on the inputs and records it on their tape. Op must be a member of List.
template <class Op, class List = AllOps>
Var record(Inputs inputs, const AttrOf<Op>& attr = {}) {
  static_assert(NamedOp<Op>, "an op needs a name, an arity and shape(Shapes, const Attr&)");
  static_assert(ViewOp<Op> || ComputedOp<Op>,
                "an op needs forward and backward, for float and for double");
  static_assert(OpWithExamples<Op>, "an op needs a non-empty `examples` array: its gradient check");
  static_assert(is_listed<Op, List>,
                "the op is not in its list: its gradient check would never run");
  static_assert(std::is_trivially_copyable_v<AttrOf<Op>>,
                "an op's Attr is never destroyed, and copied byte by byte");
  return detail::tape_of(detail::info_of<Op>, inputs).record(detail::info_of<Op>, inputs, &attr);
}

}  // namespace planet
