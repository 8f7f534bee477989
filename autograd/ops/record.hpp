// One line between an op function and its struct: which tape records. Included by ops/*.cpp.
#pragma once

#include <initializer_list>
#include <span>

#include "autograd/tape.hpp"

namespace planet::ops {

template <class Op, class T>
Var<T> record(std::span<const Var<T>> inputs, const AttrOf<Op>& attr = {}) {
  require(!inputs.empty(), "[", Op::name, "] takes at least one input, got none");
  require(inputs[0].tape != nullptr, "[", Op::name, "] input 0 is an empty Var");
  return inputs[0].tape->template record<Op>(inputs, attr);
}

template <class Op, class T>
Var<T> record(std::initializer_list<Var<T>> inputs, const AttrOf<Op>& attr = {}) {
  return record<Op, T>(std::span<const Var<T>>(inputs.begin(), inputs.size()), attr);
}

}  // namespace planet::ops
