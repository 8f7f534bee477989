// Parameters live outside the tape, in slabs: all values in one array, all gradients in a second,
// Adam's two moments in a third and a fourth. Zeroing, clipping, the optimiser and checkpoints are
// single loops over them. Using a parameter on a tape makes a leaf that aliases its piece.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/base/memory.hpp"
#include "autograd/shape.hpp"

namespace planet {

template <class T>
class ParamStore;

/// A named piece of the slabs. Owned by its store; layers keep pointers to it.
template <class T>
struct Param {
  std::string name;  // "rssm/prior/0/weight"
  Shape shape;
  std::ptrdiff_t offset = 0;  // in elements, from the start of every slab
  std::size_t index = 0;      // position in the store
  ParamStore<T>* store = nullptr;

  T* value() const { return store->values() + offset; }
  T* grad() const { return store->grads() + offset; }
};

/// All parameters of a model. Names are unique. Parameters are added while a model is built; the
/// slabs then stay where they are for as long as nothing more is added. Not copyable: layers point
/// into it.
template <class T>
class ParamStore {
 public:
  ParamStore() = default;
  ParamStore(const ParamStore&) = delete;
  ParamStore& operator=(const ParamStore&) = delete;

  /// Adds a parameter filled with zeros; the caller initialises it. Throws on a name already used.
  Param<T>& add(std::string name, Shape shape);

  const std::deque<Param<T>>& params() const { return params_; }
  const Param<T>* find(std::string_view name) const;  // null if there is none
  std::ptrdiff_t size() const { return static_cast<std::ptrdiff_t>(values_.size()); }

  T* values() { return values_.data(); }
  T* grads() { return grads_.data(); }
  T* first_moments() { return m_.data(); }
  T* second_moments() { return v_.data(); }
  const T* values() const { return values_.data(); }
  const T* grads() const { return grads_.data(); }
  const T* first_moments() const { return m_.data(); }
  const T* second_moments() const { return v_.data(); }

  void zero_grad();

 private:
  std::deque<Param<T>> params_;
  AlignedVector<T> values_, grads_, m_, v_;
};

}  // namespace planet
