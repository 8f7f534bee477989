// Parameters live outside the tape, in slabs: all values in one array, all gradients in a second,
// Adam's two moments in a third and a fourth. Zeroing, clipping, the optimiser and checkpoints are
// single loops over them. Using a parameter on a tape makes a leaf that aliases its slice.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "autograd/base/memory.hpp"
#include "autograd/precision.hpp"
#include "autograd/shape.hpp"

namespace planet {

class ParamStore;

/// A named slice of the slabs. Owned by its store; layers keep pointers to it.
struct Param {
  std::string name;  // "rssm/prior/0/weight"
  Shape shape;
  std::ptrdiff_t offset = 0;  // in elements, from the start of every slab
  std::size_t index = 0;      // position in the store
  ParamStore* store = nullptr;

  template <class T>
  T* value() const;  // T: float or double, by the store's precision; the other throws
  template <class T>
  T* grad() const;
};

/// All parameters of a model, in one precision. Names are unique. Parameters are added while a
/// model is built; adding one may move the slabs. Not copyable, because layers point into it.
class ParamStore {
 public:
  explicit ParamStore(Precision precision) : precision_(precision) {}
  ParamStore(const ParamStore&) = delete;
  ParamStore& operator=(const ParamStore&) = delete;

  Precision precision() const { return precision_; }

  /// Adds a parameter filled with zeros; the caller initialises it. Throws on a name already used.
  Param& add(std::string name, Shape shape);

  const std::deque<Param>& params() const { return params_; }
  const Param* find(std::string_view name) const;  // null if there is none
  std::ptrdiff_t size() const { return size_; }    // elements of each slab

  /// The slabs. Throws unless T is the type of the store's elements.
  template <class T>
  T* values() {
    return slab<T>(values_);
  }
  template <class T>
  T* grads() {
    return slab<T>(grads_);
  }
  template <class T>
  T* first_moments() {
    return slab<T>(m_);
  }
  template <class T>
  T* second_moments() {
    return slab<T>(v_);
  }
  template <class T>
  const T* values() const {
    return slab<T>(values_);
  }
  template <class T>
  const T* grads() const {
    return slab<T>(grads_);
  }
  template <class T>
  const T* first_moments() const {
    return slab<T>(m_);
  }
  template <class T>
  const T* second_moments() const {
    return slab<T>(v_);
  }

  void zero_grad();

 private:
  using Slab = AlignedVector<std::byte>;
  template <class T>
  T* slab(Slab& bytes) const {
    require_elements<T>(precision_, "the parameter store");
    return reinterpret_cast<T*>(bytes.data());
  }
  template <class T>
  const T* slab(const Slab& bytes) const {
    return slab<T>(const_cast<Slab&>(bytes));
  }

  Precision precision_;
  std::deque<Param> params_;
  std::ptrdiff_t size_ = 0;
  Slab values_, grads_, m_, v_;
};

/// While one lives, no value of the store changes: during an update until Adam's step, or during a plan.
/// Products of bfloat16 numbers then keep the weights that they have packed.
class FixedParams {
 public:
  explicit FixedParams(const ParamStore& store);
  ~FixedParams();
  FixedParams(const FixedParams&) = delete;
  FixedParams& operator=(const FixedParams&) = delete;

 private:
  bool counts_;
};

template <class T>
T* Param::value() const {
  return store->values<T>() + offset;
}
template <class T>
T* Param::grad() const {
  return store->grads<T>() + offset;
}

}  // namespace planet
