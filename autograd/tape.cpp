#include "autograd/tape.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace planet {

// ---- leaves -------------------------------------------------------------------------------------

template <class T>
typename Tape<T>::Node& Tape<T>::push() {
  Node& n = nodes_.emplace_back();
  n.serial = next_serial_++;
  n.alias = static_cast<std::uint32_t>(nodes_.size() - 1);
  n.scope = scope_;
  return n;
}

template <class T>
Var<T> Tape<T>::uninitialised(Shape shape, T** memory) {
  Node& n = push();
  n.shape = shape;
  n.value = arena_.allocate_array<T>(static_cast<std::size_t>(shape.size()));
  *memory = n.value;
  return handle(n);
}

template <class T>
Var<T> Tape<T>::constant(std::span<const T> values, Shape shape) {
  require(static_cast<std::ptrdiff_t>(values.size()) == shape.size(), "[constant] ", values.size(),
          " values do not fill the shape ", shape);
  T* memory = nullptr;
  const Var<T> v = uninitialised(shape, &memory);
  std::copy(values.begin(), values.end(), memory);
  return v;
}

template <class T>
Var<T> Tape<T>::zeros(Shape shape) {
  T* memory = nullptr;
  const Var<T> v = uninitialised(shape, &memory);
  std::fill_n(memory, shape.size(), T(0));
  return v;
}

template <class T>
Var<T> Tape<T>::borrow(const T* values, Shape shape) {
  Node& n = push();
  n.shape = shape;
  n.value = const_cast<T*>(values);  // a leaf without gradient is never written
  return handle(n);
}

template <class T>
Var<T> Tape<T>::variable(std::span<const T> values, Shape shape) {
  const Var<T> v = constant(values, shape);
  if (mode_ == Mode::record) {
    Node& n = nodes_[v.node];
    n.needs_grad = n.keeps_grad = true;
    n.grad = arena_.allocate_array<T>(static_cast<std::size_t>(shape.size()));
    std::fill_n(n.grad, shape.size(), T(0));
  }
  return v;
}

template <class T>
Var<T> Tape<T>::use(const Param<T>& param) {
  auto cache = std::find_if(caches_.begin(), caches_.end(),
                            [&](const LeafCache& c) { return c.store == param.store; });
  if (cache == caches_.end()) cache = caches_.insert(caches_.end(), {param.store, {}});
  if (cache->leaves.size() <= param.index) cache->leaves.resize(param.store->params().size());
  Var<T>& leaf = cache->leaves[param.index];
  if (!leaf.tape || !alive(leaf)) {
    Node& n = push();
    n.shape = param.shape;
    n.value = param.value();
    n.needs_grad = n.keeps_grad = mode_ == Mode::record;
    n.grad = n.needs_grad ? param.grad() : nullptr;
    leaf = handle(n);
  } else if (nodes_[leaf.node].value != param.value()) {
    fail("[use] parameter ", param.name, " has moved since it was first used on this tape: ",
         "parameters were added to its store; build the whole model first, or reset the tape");
  }
  return leaf;
}

// ---- recording ----------------------------------------------------------------------------------

template <class T>
typename Tape<T>::Node& Tape<T>::begin_record(std::string_view name, std::span<const Var<T>> inputs,
                                              int arity) {
  // The sentences are built only when something is wrong: this runs for every record.
  if (arity == variadic ? inputs.empty() : static_cast<int>(inputs.size()) != arity)
    fail(label(name, scope_), "takes ",
         arity == variadic ? "at least one input" : cat(arity, arity == 1 ? " input" : " inputs"),
         ", got ", inputs.size());
  auto* in = arena_.allocate_array<std::uint32_t>(inputs.size());
  auto* shapes = arena_.allocate_array<Shape>(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Var<T> x = inputs[i];
    if (x.tape != this)
      fail(label(name, scope_), "input ", i, x.tape ? " is on another tape" : " is an empty Var");
    if (!alive(x)) fail(label(name, scope_), "input ", i, " is a ", stale_text(x));
    shapes[i] = nodes_[x.node].shape;
    in[i] = x.node;
  }
  Node& n = push();
  n.in = in;
  n.in_shapes = shapes;
  n.arity = static_cast<std::uint16_t>(inputs.size());
  return n;
}

template <class T>
void Tape<T>::finish_value(Node& n, bool wants_grad) {
  n.value = arena_.allocate_array<T>(static_cast<std::size_t>(n.shape.size()));
  n.needs_grad = wants_grad && mode_ == Mode::record;
  const Arena::Mark before = arena_.mark();
  OpProfile::timed(profile_, n.op->name, OpProfile::Pass::forward,
                   [&] { n.op->forward(*this, n); });
  arena_.rewind(before);  // the op's scratch
  if (check_finite_) verify(n, n.value, n.shape, "result");
}

// ---- gradients ----------------------------------------------------------------------------------

// Memory for the gradient of a node, not cleared; its number of elements.
template <class T>
std::size_t Tape<T>::take_gradient(Node& owner) {
  const auto count = static_cast<std::size_t>(owner.shape.size());
  owner.grad = static_cast<T*>(grads_.take(count * sizeof(T)));
  return count;
}

// Where the gradient of n is added up; null when nobody wants it. A view adds to its owner's.
template <class T>
T* Tape<T>::gradient_of(Node& n) {
  if (!n.needs_grad) return nullptr;
  Node& owner = nodes_[n.alias];
  if (!owner.needs_grad) return nullptr;
  if (!owner.grad) {
    const std::size_t count = take_gradient(owner);
    std::memset(static_cast<void*>(owner.grad), 0, count * sizeof(T));
  }
  return owner.grad + n.offset;
}

// The same without clearing, for whoever is the first to write to all of it.
template <class T>
GradSink<T> Tape<T>::gradient_sink(Node& n) {
  Node& owner = nodes_[n.alias];
  if (!n.needs_grad || !owner.needs_grad || owner.grad || n.shape.size() != owner.shape.size())
    return {gradient_of(n), true};
  const std::size_t count = take_gradient(owner);
  // An element that the op forgets is found.
  if (check_finite_) std::fill_n(owner.grad, count, std::numeric_limits<T>::quiet_NaN());
  return {owner.grad, false};
}

template <class T>
void Tape<T>::backward(Var<T> loss) {
  require(node(loss).shape.size() == 1, "[backward] the loss has shape ", node(loss).shape,
          "; it must have one element, or a cotangent must be given");
  const T one = 1;
  seed(loss, {&one, 1});
  sweep(loss.node);
}

template <class T>
void Tape<T>::backward(Var<T> y, std::span<const T> cotangent) {
  require(static_cast<std::ptrdiff_t>(cotangent.size()) == node(y).shape.size(), "[backward] ",
          cotangent.size(), " cotangents were given for a result of shape ", node(y).shape);
  seed(y, cotangent);
  sweep(y.node);
}

template <class T>
void Tape<T>::seed(Var<T> y, std::span<const T> cotangent) {
  require(mode_ == Mode::record,
          "[backward] this tape is in inference mode; it recorded no gradients");
  std::size_t bytes = 0;
  for (Node& n : nodes_) {
    if (!n.needs_grad || n.keeps_grad || &nodes_[n.alias] != &n) continue;
    n.grad = nullptr;  // whatever a sweep that threw has left behind
    bytes += static_cast<std::size_t>(n.shape.size()) * sizeof(T) + 64;
  }
  grads_.prepare(bytes);
  Node& n = node(y);
  T* dy = gradient_of(n);
  require(dy, "[backward] nothing that takes a gradient was used to compute this value");
  for (std::size_t i = 0; i < cotangent.size(); ++i) dy[i] += cotangent[i];
  if (check_finite_) verify(n, cotangent.data(), n.shape, "cotangent given to backward()");
}

template <class T>
void Tape<T>::sweep(std::size_t last) {
  for (std::size_t i = last + 1; i-- > 0;) {
    Node& n = nodes_[i];
    if (!n.op || n.alias != i || !n.grad) continue;
    const Arena::Mark before = arena_.mark();
    OpProfile::timed(profile_, n.op->name, OpProfile::Pass::backward,
                     [&] { n.op->backward(*this, n); });
    arena_.rewind(before);
    if (check_finite_) verify_gradients(n);
    grads_.give(n.grad, static_cast<std::size_t>(n.shape.size()) * sizeof(T));
    n.grad = nullptr;
  }
}

template <class T>
std::span<const T> Tape<T>::grad(Var<T> leaf) const {
  const Node& n = node(leaf);
  require(n.keeps_grad,
          "[grad] only variables and parameters keep their gradient after backward()");
  return {n.grad, static_cast<std::size_t>(n.shape.size())};
}

// ---- reading and lifetime -----------------------------------------------------------------------

template <class T>
std::string Tape<T>::stale_text(Var<T> v) const {
  return cat("stale Var: record #", v.serial,
             " was dropped by reset() or rewind(); the tape is at #", next_serial_ - 1);
}

template <class T>
typename Tape<T>::Node& Tape<T>::node(Var<T> v) {
  if (v.tape != this || !alive(v)) [[unlikely]]
    fail(v.tape == this ? stale_text(v) : "this Var is on another tape");
  return nodes_[v.node];
}

template <class T>
const typename Tape<T>::Node& Tape<T>::node(Var<T> v) const {
  return const_cast<Tape*>(this)->node(v);
}

template <class T>
std::span<const T> Tape<T>::value(Var<T> v) const {
  const Node& n = node(v);
  return {n.value, static_cast<std::size_t>(n.shape.size())};
}

template <class T>
T Tape<T>::item(Var<T> v) const {
  const Node& n = node(v);
  require(n.shape.size() == 1, "[item] the value has shape ", n.shape,
          "; it must have one element");
  return n.value[0];
}

template <class T>
void Tape<T>::reset() {
  nodes_.clear();
  arena_.reset();
  scope_ = nullptr;
}

template <class T>
void Tape<T>::rewind(const Mark& mark) {
  require(mark.nodes <= nodes_.size(), "[rewind] the mark is ahead of the tape");
  nodes_.resize(mark.nodes);
  arena_.rewind(mark.memory);
}

// ---- diagnosis ----------------------------------------------------------------------------------

template <class T>
std::string Tape<T>::path(const detail::ScopeName* scope) const {
  std::string p;
  for (; scope; scope = scope->parent) {
    if (!p.empty()) p.insert(0, 1, '/');
    p.insert(0, scope->name);
  }
  return p;
}

// "[linear] rssm/prior: ", the beginning of every sentence about an op.
template <class T>
std::string Tape<T>::label(std::string_view name, const detail::ScopeName* scope) const {
  const std::string where = path(scope);
  return cat("[", name, "] ", where, where.empty() ? "" : ": ");
}

template <class T>
void Tape<T>::verify(const Node& n, const T* data, const Shape& shape,
                     std::string_view what) const {
  const std::ptrdiff_t size = shape.size();
  const auto bad = std::find_if(data, data + size, [](T x) { return !std::isfinite(x); }) - data;
  if (bad == size) return;
  std::string inputs;
  for (int i = 0; i < n.arity; ++i) {
    const Node& x = nodes_[n.in[i]];
    const auto [low, high] = std::minmax_element(x.value, x.value + x.shape.size());
    inputs += cat(i ? ", " : " (", "input ", i, " ", x.shape, " in [", *low, ", ", *high, "]");
  }
  if (n.arity > 0) inputs += ")";
  throw NonFinite(cat(label(n.op ? n.op->name : "leaf", n.scope), "the ", what, " is ", data[bad],
                      " at element ", bad, " of ", shape,
                      "; this is the first op that made a non-finite value", inputs));
}

// After n's backward: everything it has added to was finite before.
template <class T>
void Tape<T>::verify_gradients(const Node& n) {
  for (int i = 0; i < n.arity; ++i) {
    const Node& x = nodes_[n.in[i]];
    const Node& owner = nodes_[x.alias];
    if (!x.needs_grad || !owner.grad) continue;
    verify(n, owner.grad + x.offset, x.shape, cat("gradient of input ", i));
  }
}

// ---- memory for gradients -----------------------------------------------------------------------

namespace detail {

void GradPool::prepare(std::size_t bytes) {
  if (bytes > capacity_) {
    arena_ = Arena(bytes);
    base_ = static_cast<std::byte*>(arena_.allocate(bytes));
    capacity_ = bytes;
  }
  gaps_.assign(1, {0, capacity_});
}

void* GradPool::take(std::size_t bytes) {
  bytes = (bytes + 63) / 64 * 64;
  for (std::size_t i = 0; i < gaps_.size(); ++i) {
    Gap& g = gaps_[i];
    if (g.end - g.begin < bytes) continue;
    void* p = base_ + g.begin;
    g.begin += bytes;
    peak_ = std::max(peak_, g.begin);
    if (g.begin == g.end) gaps_.erase(gaps_.begin() + static_cast<std::ptrdiff_t>(i));
    return p;
  }
  fail("[backward] internal error: the gradient memory of ", capacity_, " bytes is too small");
}

void GradPool::give(void* p, std::size_t bytes) {
  const auto begin = static_cast<std::size_t>(static_cast<std::byte*>(p) - base_);
  const Gap gap{begin, begin + (bytes + 63) / 64 * 64};
  auto next =
      std::find_if(gaps_.begin(), gaps_.end(), [&](const Gap& g) { return g.begin >= gap.end; });
  const bool joins_next = next != gaps_.end() && next->begin == gap.end;
  const bool joins_last = next != gaps_.begin() && std::prev(next)->end == gap.begin;
  if (joins_last && joins_next) {
    std::prev(next)->end = next->end;
    gaps_.erase(next);
  } else if (joins_last) {
    std::prev(next)->end = gap.end;
  } else if (joins_next) {
    next->begin = gap.begin;
  } else {
    gaps_.insert(next, gap);
  }
}

}  // namespace detail

template class Tape<float>;
template class Tape<double>;

}  // namespace planet
