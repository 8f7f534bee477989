// Internal to the tape: a record, and what it knows of its op.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "autograd/precision.hpp"
#include "autograd/shape.hpp"

namespace planet {

class Tape;
using Shapes = std::span<const Shape>;
inline constexpr int variadic = -1;

namespace detail {

struct Node;

/// An op with its type erased: what Tape::record and backward() need. Made in op.hpp.
struct OpInfo {
  using Function = void (*)(Tape&, Node&);
  struct PerElementType {
    Function in_float, in_double;
  };
  std::string_view name;
  int arity;
  bool is_view;
  const bool* differentiable;  // one entry per input; null: all are
  std::size_t attr_size;       // 0: no attributes
  Shape (*shape)(Shapes, const void* attr);
  std::ptrdiff_t (*elements)(Shapes, const void* attr);  // saved; of a view: its offset
  PerElementType forward, backward;
};

struct ScopeName {  // a linked list from the innermost scope outwards
  std::string_view name;
  const ScopeName* parent;
};

/// A record. Its numbers are float or double, according to the tape.
struct Node {
  const OpInfo* op = nullptr;  // null: a leaf
  const std::uint32_t* in = nullptr;
  const Shape* in_shapes = nullptr;
  const void* attr = nullptr;
  void* value = nullptr;
  void* grad = nullptr;  // null before the first addition and after its use
  void* saved = nullptr;
  const ScopeName* scope = nullptr;
  Shape shape;
  std::uint32_t serial = 0;
  std::uint32_t alias = 0;    // of a view: the node that owns the memory; else itself
  std::ptrdiff_t offset = 0;  // of a view: first element in the owner
  std::uint16_t arity = 0;
  bool needs_grad = false;
  bool keeps_grad = false;  // a leaf: its gradient outlives backward()
};

}  // namespace detail
}  // namespace planet
