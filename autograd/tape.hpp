// The tape: a list of what was computed, walked backwards for the gradient.
//
// Recording order is already topological, so backward() needs no sort and no graph: it walks the
// list from the end and asks each op to add its part to its inputs' gradients. Values live in a
// growing arena that reset() or rewind() drops at once. A Var is an index with a serial number; the
// serial is never reused, so a Var that outlived its record is one clear error. The contract of an
// op is in op.hpp; all op functions are in ops.hpp; parameters stay outside, in param.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "autograd/base/arena.hpp"
#include "autograd/base/error.hpp"
#include "autograd/op.hpp"
#include "autograd/op_list.hpp"
#include "autograd/param.hpp"
#include "autograd/profile.hpp"

namespace planet {

/// A value on a tape. Copy it freely; it is valid until its record is dropped.
template <class T>
struct Var {
  Tape<T>* tape = nullptr;
  std::uint32_t node = 0;
  std::uint32_t serial = 0;

  bool empty() const { return tape == nullptr; }  // never given a value
  const Shape& shape() const { return on().shape(*this); }
  std::span<const T> value() const { return on().value(*this); }
  T item() const { return on().item(*this); }  // the only element of a [1]

  /// Its tape; throws if there is none.
  Tape<T>& on() const {
    require(tape != nullptr, "this Var is empty: it was never given a value");
    return *tape;
  }
};

/// Thrown by check_finite: the first op that made an infinity or a NaN, and from what.
class NonFinite : public Error {
 public:
  using Error::Error;
};

namespace detail {

template <class T>
struct OpInfo {
  std::string_view name;
  void (*forward)(Tape<T>&, Node<T>&);
  void (*backward)(Tape<T>&, Node<T>&);
};

struct ScopeName {  // a linked list from the innermost scope outwards
  std::string_view name;
  const ScopeName* parent;
};

template <class T>
struct Node {
  const OpInfo<T>* op = nullptr;  // null: a leaf
  const std::uint32_t* in = nullptr;
  const Shape* in_shapes = nullptr;
  const void* attr = nullptr;
  T* value = nullptr;
  T* grad = nullptr;  // null until somebody adds to it, and again once it was used
  T* saved = nullptr;
  const ScopeName* scope = nullptr;
  Shape shape;
  std::uint32_t serial = 0;
  std::uint32_t alias = 0;    // of a view: the node that owns the memory; else itself
  std::ptrdiff_t offset = 0;  // of a view: first element in the owner
  std::uint16_t arity = 0;
  bool needs_grad = false;
  bool keeps_grad = false;  // a leaf: its gradient outlives backward()
};

// First-fit memory for gradients: low addresses are reused as soon as a gradient was consumed, so
// the backward pass touches little more than its largest moment, whatever the tape's length.
class GradPool {
 public:
  void prepare(std::size_t bytes);  // room for all gradients; pages never touched cost nothing
  void* take(std::size_t bytes);
  void give(void* p, std::size_t bytes);
  std::size_t peak() const { return peak_; }

 private:
  struct Gap {
    std::size_t begin, end;
  };
  Arena arena_{0};
  std::byte* base_ = nullptr;
  std::size_t capacity_ = 0, peak_ = 0;
  std::vector<Gap> gaps_;  // sorted, never touching
};

}  // namespace detail

enum class Mode {
  record,     // remember everything, for backward()
  inference,  // values only
};

template <class T>
class Tape {
 public:
  /// A place on the tape to come back to.
  struct Mark {
    std::size_t nodes = 0;
    Arena::Mark memory;
  };

  explicit Tape(Mode mode = Mode::record) : mode_(mode) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  Mode mode() const { return mode_; }
  std::size_t size() const { return nodes_.size(); }  // records on the tape

  // ---- leaves ----
  /// A constant: a copy of `values`, or memory for the caller to fill through the pointer.
  Var<T> constant(std::span<const T> values, Shape shape);
  Var<T> zeros(Shape shape);
  Var<T> uninitialised(Shape shape, T** memory);
  /// A constant that stays where it is; it must outlive its use on the tape.
  Var<T> borrow(const T* values, Shape shape);
  /// A leaf with a gradient of its own, readable by grad() after backward().
  Var<T> variable(std::span<const T> values, Shape shape);
  /// The leaf of a parameter; asked for twice, the same leaf. Its gradient is added to the slab.
  Var<T> use(const Param<T>& param);

  // ---- ops ----
  /// Computes Op on the inputs and records it. List is the op list that Op is a member of.
  template <class Op, class List = AllOps>
  Var<T> record(std::span<const Var<T>> inputs, const AttrOf<Op>& attr = {});
  template <class Op, class List = AllOps>
  Var<T> record(std::initializer_list<Var<T>> inputs, const AttrOf<Op>& attr = {}) {
    return record<Op, List>(std::span<const Var<T>>(inputs.begin(), inputs.size()), attr);
  }

  // ---- gradients ----
  /// Adds d(loss)/d(leaf) to the gradient of every leaf; loss has one element.
  void backward(Var<T> loss);
  /// The same from any y, weighted by a cotangent of y's shape (a vector-Jacobian product).
  void backward(Var<T> y, std::span<const T> cotangent);
  /// Gradient of a variable(); zeros if nothing reached it.
  std::span<const T> grad(Var<T> leaf) const;

  // ---- reading ----
  const Shape& shape(Var<T> v) const { return node(v).shape; }
  std::span<const T> value(Var<T> v) const;
  T item(Var<T> v) const;

  // ---- memory ----
  /// n default-made values that live until reset() or rewind(), for a caller that collects Vars
  /// before it stacks them and must not allocate.
  template <class U>
  std::span<U> array(std::size_t n) {
    static_assert(std::is_trivially_destructible_v<U>, "the tape destroys nothing");
    U* first = arena_.template allocate_array<U>(n);
    std::uninitialized_value_construct_n(first, n);
    return {first, n};
  }

  // ---- lifetime ----
  void reset();  // drops every record; memory is kept
  Mark mark() const { return {nodes_.size(), arena_.mark()}; }
  void rewind(const Mark& mark);  // drops what was recorded since

  // ---- diagnosis ----
  /// From now on every result and every gradient is tested, and the first bad one throws NonFinite.
  void check_finite(bool on) { check_finite_ = on; }
  /// From now on the time of every op is added to `profile`, which must outlive its use; null:
  /// stop.
  void profile(OpProfile* profile) { profile_ = profile; }
  std::string scope_path() const { return path(scope_); }   // "rssm/prior"
  std::size_t memory() const { return arena_.capacity(); }  // bytes held for values
  std::size_t peak_gradient_memory() const { return grads_.peak(); }

 private:
  template <class, class>
  friend class Call;
  friend class NameScope;
  using Node = detail::Node<T>;

  Node& node(Var<T> v);
  const Node& node(Var<T> v) const;
  Node& push();
  Var<T> handle(const Node& n) {
    return {this, static_cast<std::uint32_t>(&n - nodes_.data()), n.serial};
  }
  Node& begin_record(std::string_view name, std::span<const Var<T>> inputs, int arity);
  void finish_value(Node& n, bool wants_grad);
  T* gradient_of(Node& n);
  GradSink<T> gradient_sink(Node& n);
  std::size_t take_gradient(Node& owner);
  void seed(Var<T> y, std::span<const T> cotangent);
  void sweep(std::size_t last);
  void verify(const Node& n, const T* data, const Shape& shape, std::string_view what) const;
  void verify_gradients(const Node& n);
  std::string label(std::string_view op, const detail::ScopeName* scope) const;
  std::string path(const detail::ScopeName* scope) const;
  bool alive(Var<T> v) const { return v.node < nodes_.size() && nodes_[v.node].serial == v.serial; }
  std::string stale_text(Var<T> v) const;

  struct LeafCache {
    const ParamStore<T>* store;
    std::vector<Var<T>> leaves;
  };

  Mode mode_;
  Arena arena_;
  detail::GradPool grads_;
  std::vector<Node> nodes_;
  std::vector<LeafCache> caches_;
  const detail::ScopeName* scope_ = nullptr;
  std::uint32_t next_serial_ = 1;
  bool check_finite_ = false;
  OpProfile* profile_ = nullptr;
};

/// Drops, at its end, whatever was recorded since its beginning.
template <class T>
class RewindScope {
 public:
  explicit RewindScope(Tape<T>& tape) : tape_(tape), mark_(tape.mark()) {}
  ~RewindScope() { tape_.rewind(mark_); }
  RewindScope(const RewindScope&) = delete;
  RewindScope& operator=(const RewindScope&) = delete;

 private:
  Tape<T>& tape_;
  typename Tape<T>::Mark mark_;
};

/// Names the layer for error messages: NameScope scope(tape, "prior"); `name` must stay alive as
/// long as the records made under it.
class NameScope {
 public:
  template <class T>
  NameScope(Tape<T>& tape, std::string_view name) : link_(&tape.scope_), before_(tape.scope_) {
    auto* s = tape.arena_.template allocate_array<detail::ScopeName>(1);
    *s = {name, before_};
    tape.scope_ = s;
  }
  ~NameScope() { *link_ = before_; }
  NameScope(const NameScope&) = delete;
  NameScope& operator=(const NameScope&) = delete;

 private:
  const detail::ScopeName** link_;
  const detail::ScopeName* before_;
};

extern template class Tape<float>;
extern template class Tape<double>;

}  // namespace planet

#include "autograd/tape_record.hpp"
