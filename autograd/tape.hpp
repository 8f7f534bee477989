// The tape: a list of the ops that were computed, traversed backwards for the gradient.
//
// Recording order is already topological, so backward() needs neither a sort nor a graph: it goes
// through the list from the end and has each op add its part to the gradients of its inputs. Values
// live in a growing arena that reset() or rewind() frees at once. A Var is an index with a serial
// number that is never reused, so using a Var after its record was dropped is an error. The
// contract of an op is in op.hpp; all op functions are in ops.hpp; parameters live outside, in
// param.hpp.
//
// A tape computes in one precision, chosen when it is made. Numbers passed to it are converted;
// reading names the type, as in value<float>(), and asking for the other type is an error.
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
#include "autograd/base/observer.hpp"
#include "autograd/grad_pool.hpp"
#include "autograd/node.hpp"
#include "autograd/param.hpp"

namespace planet {

/// A value on a tape. Copy it freely; it is valid until its record is dropped.
struct Var {
  Tape* tape = nullptr;
  std::uint32_t node = 0;
  std::uint32_t serial = 0;

  bool empty() const { return tape == nullptr; }  // default-constructed
  const Shape& shape() const;
  template <class T>
  std::span<const T> value() const;    // T: float or double, by its tape's precision
  std::vector<double> values() const;  // a copy, whatever the precision
  double item() const;                 // the only element of a [1]

  /// Its tape; throws if there is none.
  Tape& on() const {
    require(tape != nullptr, "this Var is empty: it was never given a value");
    return *tape;
  }
};

/// Thrown by check_finite: names the first op that made an infinity or a NaN, and its inputs.
class NonFinite : public Error {
 public:
  using Error::Error;
};

enum class Mode {
  record,     // remember everything, for backward()
  inference,  // values only
};

class Tape {
 public:
  /// A position on the tape that rewind() can return to.
  struct Mark {
    std::size_t nodes = 0;
    Arena::Mark memory;
  };

  explicit Tape(Precision precision, Mode mode = Mode::record)
      : precision_(precision), mode_(mode) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  Precision precision() const { return precision_; }
  Mode mode() const { return mode_; }
  std::size_t size() const { return nodes_.size(); }  // records on the tape

  // ---- leaves ----
  /// A constant: a copy of `values`.
  Var constant(std::span<const float> values, Shape shape) { return copy(values, shape); }
  Var constant(std::span<const double> values, Shape shape) { return copy(values, shape); }
  Var zeros(Shape shape) { return leaf(allocate_zeros(shape.size()), shape); }
  /// A constant that fill(T* memory) writes, T the type of the tape's elements.
  template <class F>
  Var filled(Shape shape, F&& fill) {
    const Var v = uninitialised(shape);
    with_elements(precision_, [&](auto t) { fill(static_cast<decltype(t)*>(at(v).value)); });
    return v;
  }
  /// A constant for the caller to write through the pointer; throws if T is not the tape's type.
  template <class T>
  Var uninitialised(Shape shape, T** memory) {
    require_elements<T>(precision_, "the tape");
    const Var v = uninitialised(shape);
    *memory = static_cast<T*>(at(v).value);
    return v;
  }
  /// A constant that stays where it is; it must outlive its use on the tape. T as above.
  template <class T>
  Var borrow(const T* values, Shape shape) {
    require_elements<T>(precision_, "the tape");
    return leaf(const_cast<T*>(values), shape);  // without gradient it is never written
  }
  /// A leaf with a gradient of its own, readable by grad() after backward().
  Var variable(std::span<const float> v, Shape shape) { return with_gradient(copy(v, shape)); }
  Var variable(std::span<const double> v, Shape shape) { return with_gradient(copy(v, shape)); }
  /// The leaf of a parameter, the same at every call. Its gradient is added to the slab.
  /// Throws if the parameter's precision is not the tape's.
  Var use(const Param& param);

  // ---- ops ----
  /// Computes an op and remembers it. record<Op>() in op.hpp checks the op's type and calls this.
  Var record(const detail::OpInfo& op, std::span<const Var> inputs, const void* attr);

  // ---- gradients ----
  /// Adds d(loss)/d(leaf) to the gradient of every leaf; loss has one element.
  void backward(Var loss);
  /// The same from any y, weighted by a cotangent of y's shape (a vector-Jacobian product).
  void backward(Var y, std::span<const float> cotangent) { backward_from(y, cotangent); }
  void backward(Var y, std::span<const double> cotangent) { backward_from(y, cotangent); }
  /// Gradient of a variable(); zeros if nothing reached it.
  template <class T>
  std::span<const T> grad(Var leaf) const {
    require_elements<T>(precision_, "the tape");
    const Node& n = gradient_leaf(leaf);
    return {static_cast<const T*>(n.grad), index(n.shape.size())};
  }

  // ---- reading ----
  const Shape& shape(Var v) const { return node(v).shape; }
  template <class T>
  std::span<const T> value(Var v) const {
    require_elements<T>(precision_, "the tape");
    const Node& n = node(v);
    return {static_cast<const T*>(n.value), index(n.shape.size())};
  }
  double item(Var v) const;

  /// A record as a reader sees it; write_dot() draws them.
  struct Record {
    std::string_view op;  // "linear"; empty: a leaf
    Shape shape;
    std::string scope;                // "rssm/prior"; empty: none
    std::vector<std::size_t> inputs;  // their numbers on the tape
    const Param* param = nullptr;     // of a leaf: the parameter that it is
    bool takes_gradient = false;
    bool is_view = false;
  };
  /// Record i, of size(). Error: there is none.
  Record describe(std::size_t i) const;

  // ---- memory ----
  /// n default-constructed values that live until reset() or rewind(), for a caller that collects
  /// Vars before stacking them and must not allocate.
  template <class U>
  std::span<U> array(std::size_t n) {
    static_assert(std::is_trivially_destructible_v<U>, "the tape destroys nothing");
    U* first = arena_.allocate_array<U>(n);
    std::uninitialized_value_construct_n(first, n);
    return {first, n};
  }

  // ---- lifetime ----
  void reset();  // drops every record; memory is kept
  Mark mark() const { return {nodes_.size(), arena_.mark()}; }
  void rewind(const Mark& mark);  // drops what was recorded since

  // ---- diagnosis ----
  /// From now on every result and every gradient is tested; the first that is not finite throws
  /// NonFinite.
  void check_finite(bool on) { check_finite_ = on; }
  std::string scope_path() const { return path(scope_); }   // "rssm/prior"
  std::size_t memory() const { return arena_.capacity(); }  // bytes held for values
  std::size_t peak_gradient_memory() const { return grads_.peak(); }

 private:
  template <class, class>
  friend struct Call;
  friend class NameScope;
  using Node = detail::Node;

  Node& at(Var v) { return nodes_[v.node]; }  // v is alive and on this tape
  const Node& node(Var v) const;
  const Node& gradient_leaf(Var leaf) const;
  Node& push();
  Var handle(const Node& n) {
    return {this, static_cast<std::uint32_t>(&n - nodes_.data()), n.serial};
  }
  void* allocate(std::ptrdiff_t elements) {
    return arena_.allocate(index(elements) * element_size(precision_));
  }
  void* offset(void* p, std::ptrdiff_t elements) const {
    return static_cast<std::byte*>(p) +
           elements * static_cast<std::ptrdiff_t>(element_size(precision_));
  }
  void* allocate_zeros(std::ptrdiff_t elements);
  Var leaf(void* values, Shape shape);
  Var uninitialised(Shape shape) { return leaf(allocate(shape.size()), shape); }
  template <class T>
  Var copy(std::span<const T> values, Shape shape);
  Var with_gradient(Var v);

  void require_inputs(const detail::OpInfo& op, std::span<const Var> inputs) const;
  void run(Node& n, Observer::Pass pass);
  std::size_t take_gradient(Node& owner);
  void* gradient_of(Node& n);
  void* gradient_sink(Node& n, bool& add);
  template <class T>
  void backward_from(Var y, std::span<const T> cotangent);
  void prepare_gradients();
  void sweep(std::size_t last);
  void verify(const Node& n, const void* data, const Shape& shape, std::string_view what) const;
  void verify_gradients(const Node& n);
  std::string label(std::string_view op, const detail::ScopeName* scope) const;
  std::string path(const detail::ScopeName* scope) const;
  bool alive(Var v) const { return v.node < nodes_.size() && nodes_[v.node].serial == v.serial; }
  std::string stale_text(Var v) const;

  struct LeafCache {
    const ParamStore* store;
    std::vector<Var> leaves;
  };

  Precision precision_;
  Mode mode_;
  Arena arena_;
  GradPool grads_;
  std::vector<Node> nodes_;
  std::vector<LeafCache> caches_;
  const detail::ScopeName* scope_ = nullptr;
  std::uint32_t next_serial_ = 1;
  bool check_finite_ = false;
};

inline const Shape& Var::shape() const { return on().shape(*this); }
inline double Var::item() const { return on().item(*this); }
template <class T>
std::span<const T> Var::value() const {
  return on().value<T>(*this);
}

/// On destruction, drops everything recorded since its construction.
class RewindScope {
 public:
  explicit RewindScope(Tape& tape) : tape_(tape), mark_(tape.mark()) {}
  ~RewindScope() { tape_.rewind(mark_); }
  RewindScope(const RewindScope&) = delete;
  RewindScope& operator=(const RewindScope&) = delete;

 private:
  Tape& tape_;
  Tape::Mark mark_;
};

/// Names the layer in error messages: NameScope scope(tape, "prior"); `name` must outlive the
/// records made under it.
class NameScope {
 public:
  NameScope(Tape& tape, std::string_view name) : tape_(tape), before_(tape.scope_) {
    auto* s = tape.arena_.allocate_array<detail::ScopeName>(1);
    *s = {name, before_};
    tape.scope_ = s;
  }
  ~NameScope() { tape_.scope_ = before_; }
  NameScope(const NameScope&) = delete;
  NameScope& operator=(const NameScope&) = delete;

 private:
  Tape& tape_;
  const detail::ScopeName* before_;
};

}  // namespace planet
