#include "autograd/tape.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "autograd/op.hpp"

namespace planet {

// ---- leaves -------------------------------------------------------------------------------------

Tape::Node& Tape::push() {
  Node& n = nodes_.emplace_back();
  n.serial = next_serial_++;
  n.alias = static_cast<std::uint32_t>(nodes_.size() - 1);
  n.scope = scope_;
  return n;
}

Var Tape::leaf(void* values, Shape shape) {
  Node& n = push();
  n.shape = shape;
  n.value = values;
  return handle(n);
}

template <class T>
Var Tape::copy(std::span<const T> values, Shape shape) {
  require(static_cast<std::ptrdiff_t>(values.size()) == shape.size(), "[constant] ", values.size(),
          " values do not fill the shape ", shape);
  return filled(shape, [&](auto* memory) {
    std::transform(values.begin(), values.end(), memory,
                   [](T x) { return static_cast<std::remove_pointer_t<decltype(memory)>>(x); });
  });
}
template Var Tape::copy(std::span<const float>, Shape);
template Var Tape::copy(std::span<const double>, Shape);

void* Tape::allocate_zeros(std::ptrdiff_t elements) {
  return std::memset(allocate(elements), 0, index(elements) * element_size(precision_));
}

Var Tape::with_gradient(Var v) {
  Node& n = at(v);
  n.needs_grad = n.keeps_grad = mode_ == Mode::record;
  if (n.needs_grad) n.grad = allocate_zeros(n.shape.size());
  return v;
}

Var Tape::use(const Param& param) {
  auto cache = std::find_if(caches_.begin(), caches_.end(),
                            [&](const LeafCache& c) { return c.store == param.store; });
  if (cache == caches_.end()) cache = caches_.insert(caches_.end(), {param.store, {}});
  if (cache->leaves.size() <= param.index) cache->leaves.resize(param.store->params().size());
  if (param.store->precision() != precision_) [[unlikely]]
    fail("[use] parameter ", param.name, " is ", planet::name(param.store->precision()),
         ", the tape is ", planet::name(precision_), "; both must have the same precision");
  Var& leaf_of = cache->leaves[param.index];
  with_elements(precision_, [&](auto t) {
    using T = decltype(t);
    T* const value = param.value<T>();
    if (!leaf_of.tape || !alive(leaf_of)) {
      leaf_of = leaf(value, param.shape);
      Node& n = at(leaf_of);
      n.needs_grad = n.keeps_grad = mode_ == Mode::record;
      n.grad = n.needs_grad ? param.grad<T>() : nullptr;
    } else if (at(leaf_of).value != value) {
      fail("[use] parameter ", param.name, " has moved since it was first used on this tape: ",
           "parameters were added to its store; build the whole model first, or reset the tape");
    }
  });
  return leaf_of;
}

// ---- recording ----------------------------------------------------------------------------------

Tape& detail::tape_of(const OpInfo& op, std::span<const Var> inputs) {
  require(!inputs.empty(), "[", op.name, "] takes at least one input, got none");
  require(inputs[0].tape != nullptr, "[", op.name, "] input 0 is an empty Var");
  return *inputs[0].tape;
}

// The sentences are built only when something is wrong: this runs for every record.
void Tape::require_inputs(const detail::OpInfo& op, std::span<const Var> inputs) const {
  if (op.arity != variadic && static_cast<int>(inputs.size()) != op.arity)
    fail(label(op.name, scope_), "takes ", op.arity, op.arity == 1 ? " input" : " inputs", ", got ",
         inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Var x = inputs[i];
    if (x.tape != this)
      fail(label(op.name, scope_), "input ", i,
           x.tape ? " is on another tape" : " is an empty Var");
    if (!alive(x)) fail(label(op.name, scope_), "input ", i, " is a ", stale_text(x));
  }
}

Var Tape::record(const detail::OpInfo& op, std::span<const Var> inputs, const void* attr) {
  require_inputs(op, inputs);
  auto* in = arena_.allocate_array<std::uint32_t>(inputs.size());
  auto* shapes = arena_.allocate_array<Shape>(inputs.size());
  bool wants_grad = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Node& x = at(inputs[i]);
    in[i] = inputs[i].node;
    shapes[i] = x.shape;
    wants_grad |= x.needs_grad && (!op.differentiable || op.differentiable[i]);
  }
  const Shapes in_shapes(shapes, inputs.size());
  Shape shape;
  try {
    shape = op.shape(in_shapes, attr);
  } catch (const Error& e) {
    fail(label(op.name, scope_), e.what());
  }
  const std::ptrdiff_t elements = op.elements(in_shapes, attr);

  Node& n = push();
  n.op = &op;
  n.in = in;
  n.in_shapes = shapes;
  n.arity = static_cast<std::uint16_t>(inputs.size());
  n.shape = shape;
  n.needs_grad = wants_grad && mode_ == Mode::record;
  if (op.attr_size > 0) {
    void* const copy = arena_.allocate(op.attr_size);
    n.attr = std::memcpy(copy, attr, op.attr_size);
  }
  if (op.is_view) {
    const Node& parent = nodes_[in[0]];
    n.alias = parent.alias;
    n.offset = parent.offset + elements;
    n.value = offset(parent.value, elements);
  } else {
    if (elements > 0) n.saved = allocate(elements);
    n.value = allocate(shape.size());
    run(n, Observer::Pass::forward);
    if (check_finite_) verify(n, n.value, n.shape, "result");
  }
  return handle(n);
}

// The one place where an op's element type is chosen.
void Tape::run(Node& n, Observer::Pass pass) {
  const auto& typed = pass == Observer::Pass::forward ? n.op->forward : n.op->backward;
  const auto function = precision_ == Precision::f64 ? typed.in_double : typed.in_float;
  const Arena::Mark before = arena_.mark();
  Observer* const observer = Observer::active();
  if (observer) observer->op_begins(n.op->name, pass);
  function(*this, n);
  if (observer) observer->op_ends();
  arena_.rewind(before);  // the op's scratch
}

// ---- gradients ----------------------------------------------------------------------------------

// Takes memory, not cleared, for the gradient of a node; returns its size in bytes.
std::size_t Tape::take_gradient(Node& owner) {
  const std::size_t bytes = index(owner.shape.size()) * element_size(precision_);
  owner.grad = grads_.take(bytes);
  return bytes;
}

// Where the gradient of n is accumulated; null when none is needed. A view adds to its owner's.
void* Tape::gradient_of(Node& n) {
  if (!n.needs_grad) return nullptr;
  Node& owner = nodes_[n.alias];
  if (!owner.needs_grad) return nullptr;
  if (!owner.grad) {
    const std::size_t bytes = take_gradient(owner);
    std::memset(owner.grad, 0, bytes);
  }
  return offset(owner.grad, n.offset);
}

// The same, but the first op to write a whole gradient gets memory not cleared, with add = false.
void* Tape::gradient_sink(Node& n, bool& add) {
  Node& owner = nodes_[n.alias];
  add = !n.needs_grad || !owner.needs_grad || owner.grad || n.shape.size() != owner.shape.size();
  if (add) return gradient_of(n);
  take_gradient(owner);
  if (check_finite_)  // exposes an element that the op leaves out
    with_elements(precision_, [&](auto t) {
      using T = decltype(t);
      std::fill_n(static_cast<T*>(owner.grad), owner.shape.size(),
                  std::numeric_limits<T>::quiet_NaN());
    });
  return owner.grad;
}

void Tape::backward(Var loss) {
  const Shape& shape = node(loss).shape;
  require(shape.size() == 1, "[backward] the loss has shape ", shape,
          "; it must have one element, or a cotangent must be given");
  const float one = 1;
  backward_from(loss, std::span(&one, 1));
}

template <class U>
void Tape::backward_from(Var y, std::span<const U> cotangent) {
  require(static_cast<std::ptrdiff_t>(cotangent.size()) == node(y).shape.size(), "[backward] ",
          cotangent.size(), " cotangents were given for a result of shape ", node(y).shape);
  require(mode_ == Mode::record,
          "[backward] this tape is in inference mode; it recorded no gradients");
  prepare_gradients();
  Node& n = at(y);
  void* const start = gradient_of(n);
  require(start, "[backward] nothing that takes a gradient was used to compute this value");
  with_elements(precision_, [&](auto t) {
    auto* const dy = static_cast<decltype(t)*>(start);
    for (std::size_t i = 0; i < cotangent.size(); ++i)
      dy[i] += static_cast<decltype(t)>(cotangent[i]);
  });
  if (check_finite_) verify(n, start, n.shape, "cotangent given to backward()");
  sweep(y.node);
}
template void Tape::backward_from(Var, std::span<const float>);
template void Tape::backward_from(Var, std::span<const double>);

void Tape::prepare_gradients() {
  std::size_t bytes = 0;
  for (Node& n : nodes_) {
    if (!n.needs_grad || n.keeps_grad || &nodes_[n.alias] != &n) continue;
    n.grad = nullptr;  // left behind by a sweep that threw
    bytes += index(n.shape.size()) * element_size(precision_) + 64;
  }
  grads_.prepare(bytes);
}

void Tape::sweep(std::size_t last) {
  for (std::size_t i = last + 1; i-- > 0;) {
    Node& n = nodes_[i];
    if (!n.op || n.alias != i || !n.grad) continue;
    run(n, Observer::Pass::backward);
    if (check_finite_) verify_gradients(n);
    grads_.give(n.grad, index(n.shape.size()) * element_size(precision_));
    n.grad = nullptr;
  }
}

const Tape::Node& Tape::gradient_leaf(Var leaf) const {
  const Node& n = node(leaf);
  require(n.keeps_grad,
          "[grad] only variables and parameters keep their gradient after backward()");
  return n;
}

// ---- reading and lifetime -----------------------------------------------------------------------

std::string Tape::stale_text(Var v) const {
  return cat("stale Var: record #", v.serial,
             " was dropped by reset() or rewind(); the tape is at #", next_serial_ - 1);
}

const Tape::Node& Tape::node(Var v) const {
  if (v.tape != this || !alive(v)) [[unlikely]]
    fail(v.tape == this ? stale_text(v) : "this Var is on another tape");
  return nodes_[v.node];
}

double Tape::item(Var v) const {
  const Node& n = node(v);
  require(n.shape.size() == 1, "[item] the value has shape ", n.shape,
          "; it must have one element");
  return with_elements(precision_,
                       [&](auto t) -> double { return *static_cast<const decltype(t)*>(n.value); });
}

std::vector<double> Var::values() const {
  return with_elements(on().precision(), [&](auto t) {
    const auto v = value<decltype(t)>();
    return std::vector<double>(v.begin(), v.end());
  });
}

void Tape::reset() {
  nodes_.clear();
  arena_.reset();
  scope_ = nullptr;
}

void Tape::rewind(const Mark& mark) {
  require(mark.nodes <= nodes_.size(), "[rewind] the mark is ahead of the tape");
  nodes_.resize(mark.nodes);
  arena_.rewind(mark.memory);
}

Tape::Record Tape::describe(std::size_t i) const {
  require(i < size(), "[describe] there is no record ", i, "; the tape has ", size());
  const Node& n = nodes_[i];
  Record r;
  r.shape = n.shape;
  r.scope = path(n.scope);
  r.inputs.assign(n.in, n.in + n.arity);
  r.takes_gradient = n.needs_grad;
  if (n.op != nullptr) {
    r.op = n.op->name;
    r.is_view = n.op->is_view;
    return r;
  }
  for (const LeafCache& cache : caches_)
    for (std::size_t p = 0; p < cache.leaves.size(); ++p)
      if (cache.leaves[p].node == i && cache.leaves[p].serial == n.serial)
        r.param = &cache.store->params()[p];
  return r;
}

// ---- diagnosis ----------------------------------------------------------------------------------

std::string Tape::path(const detail::ScopeName* scope) const {
  std::string p;
  for (; scope; scope = scope->parent) {
    if (!p.empty()) p.insert(0, 1, '/');
    p.insert(0, scope->name);
  }
  return p;
}

// "[linear] rssm/prior: ", the start of every message about an op.
std::string Tape::label(std::string_view name, const detail::ScopeName* scope) const {
  const std::string where = path(scope);
  return cat("[", name, "] ", where, where.empty() ? "" : ": ");
}

void Tape::verify(const Node& n, const void* data, const Shape& shape,
                  std::string_view what) const {
  with_elements(precision_, [&](auto t) {
    using T = decltype(t);
    const T* const numbers = static_cast<const T*>(data);
    const std::ptrdiff_t size = shape.size();
    const auto bad =
        std::find_if(numbers, numbers + size, [](T x) { return !std::isfinite(x); }) - numbers;
    if (bad == size) return;
    std::string inputs;
    for (int i = 0; i < n.arity; ++i) {
      const Node& x = nodes_[n.in[i]];
      const T* const first = static_cast<const T*>(x.value);
      const auto [low, high] = std::minmax_element(first, first + x.shape.size());
      inputs += cat(i ? ", " : " (", "input ", i, " ", x.shape, " in [", *low, ", ", *high, "]");
    }
    if (n.arity > 0) inputs += ")";
    throw NonFinite(cat(label(n.op ? n.op->name : "leaf", n.scope), "the ", what, " is ",
                        numbers[bad], " at element ", bad, " of ", shape,
                        "; this is the first op that made a non-finite value", inputs));
  });
}

// After n's backward: everything it added to was finite before.
void Tape::verify_gradients(const Node& n) {
  for (int i = 0; i < n.arity; ++i) {
    const Node& x = nodes_[n.in[i]];
    const Node& owner = nodes_[x.alias];
    if (!x.needs_grad || !owner.grad) continue;
    verify(n, offset(owner.grad, x.offset), x.shape, cat("gradient of input ", i));
  }
}

}  // namespace planet
