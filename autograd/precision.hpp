// Precision: the numbers that a tape or a parameter store holds. f64 to check, f32 to train, bf16 to
// train fast where the processor multiplies matrices of bfloat16 numbers.
//
// It is chosen at run time, once per tape and once per store; layers, models and optimisers only
// pass it on. Element types appear again in an op's forward<T> and backward<T> and in the kernels.
// bf16 differs from f32 in its products alone, whose operands are rounded (kernels/bf16.hpp): its
// elements, its sums and its files are floats.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "autograd/base/error.hpp"

namespace planet {

enum class Precision {
  f32,   // float
  f64,   // double
  bf16,  // float, but the operands of products are rounded to bfloat16
};

constexpr std::string_view name(Precision p) {
  return p == Precision::f64 ? "f64" : p == Precision::bf16 ? "bf16" : "f32";
}

/// The precision whose elements are T.
template <class T>
constexpr Precision precision_of() {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "float or double");
  return std::is_same_v<T, double> ? Precision::f64 : Precision::f32;
}

/// Are its elements of type T?
template <class T>
constexpr bool has_elements(Precision p) {
  return (p == Precision::f64) == (precision_of<T>() == Precision::f64);
}

/// Throws unless the elements of `what`, "the tape" say, are of type T.
template <class T>
void require_elements(Precision p, std::string_view what) {
  if (!has_elements<T>(p)) [[unlikely]]
    fail(what, " is ", name(p), ", and its numbers were asked for as ",
         std::is_same_v<T, double> ? "double" : "float");
}

/// f(T()), where T is the type of the elements.
template <class F>
decltype(auto) with_elements(Precision p, F&& f) {
  return p == Precision::f64 ? std::forward<F>(f)(double()) : std::forward<F>(f)(float());
}

constexpr std::size_t element_size(Precision p) {
  return p == Precision::f64 ? sizeof(double) : sizeof(float);
}

}  // namespace planet
