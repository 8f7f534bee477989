// Shapes: at most four axes, row-major, always contiguous.
//
// Sequences are time-major [L,B,D] and images are [L*B,H,W,C]; a scalar has shape [1].
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <string>

#include "autograd/base/index.hpp"

namespace planet {

class Shape {
 public:
  static constexpr int max_rank = 4;

  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<std::ptrdiff_t> axes) {
    for (const std::ptrdiff_t n : axes) axes_[index(rank_++)] = n;
  }

  constexpr int rank() const { return rank_; }
  /// Axis i, counted from the end when negative: shape[-1] is the last axis.
  constexpr std::ptrdiff_t operator[](int i) const { return axes_[index(i < 0 ? rank_ + i : i)]; }
  constexpr std::ptrdiff_t size() const {  // number of elements
    std::ptrdiff_t n = 1;
    for (int i = 0; i < rank_; ++i) n *= (*this)[i];
    return n;
  }
  /// Every tensor is also a matrix: last() columns and rows() = size() / last() rows.
  constexpr std::ptrdiff_t last() const { return rank_ == 0 ? 1 : (*this)[-1]; }
  constexpr std::ptrdiff_t rows() const { return last() == 0 ? 0 : size() / last(); }
  /// The same axes with the last one replaced, or removed ([1] when none is left).
  constexpr Shape with_last(std::ptrdiff_t n) const {
    Shape s = *this;
    s.axes_[index(rank_ - 1)] = n;
    return s;
  }
  constexpr Shape without_last() const {
    if (rank_ <= 1) return {1};
    Shape s = *this;
    s.axes_[index(--s.rank_)] = 0;
    return s;
  }

  /// The same axes with the first one replaced; the axes after the first ([1] when none is left);
  /// the first n axes ([1] for n = 0).
  constexpr Shape with_first(std::ptrdiff_t n) const {
    Shape s = *this;
    s.axes_[0] = n;
    return s;
  }
  constexpr Shape without_first() const {
    Shape s;
    for (int i = 1; i < rank_; ++i) s.axes_[index(s.rank_++)] = (*this)[i];
    return s.rank_ ? s : Shape{1};
  }
  constexpr Shape first(int n) const {
    Shape s;
    for (int i = 0; i < n; ++i) s.axes_[index(s.rank_++)] = (*this)[i];
    return s.rank_ ? s : Shape{1};
  }
  /// One more axis in front: [B,D] -> [n,B,D]. Needs rank() < max_rank.
  constexpr Shape with_new_first(std::ptrdiff_t n) const {
    Shape s{n};
    for (int i = 0; i < rank_; ++i) s.axes_[index(s.rank_++)] = (*this)[i];
    return s;
  }

  constexpr bool operator==(const Shape&) const = default;
  std::string str() const;  // "[50,200]"

 private:
  std::array<std::ptrdiff_t, max_rank> axes_{};
  int rank_ = 0;
};

inline std::string Shape::str() const {
  std::string s = "[";
  for (int i = 0; i < rank_; ++i) {
    if (i > 0) s += ',';
    s += std::to_string((*this)[i]);
  }
  return s + "]";
}
inline std::ostream& operator<<(std::ostream& out, const Shape& s) { return out << s.str(); }

}  // namespace planet
