#include "autograd/param.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"

namespace planet {

template <class T>
Param<T>& ParamStore<T>::add(std::string name, Shape shape) {
  require(!name.empty() && !find(name), "the parameter name '", name, "' is ",
          name.empty() ? "empty" : "already used");
  require(shape.rank() >= 1 && shape.size() >= 1, "parameter ", name, " has shape ", shape,
          "; every axis must have at least one element");
  const std::ptrdiff_t offset = size();
  const auto total = static_cast<std::size_t>(offset + shape.size());
  for (auto* slab : {&values_, &grads_, &m_, &v_}) slab->resize(total, T(0));
  return params_.emplace_back(Param<T>{std::move(name), shape, offset, params_.size(), this});
}

template <class T>
const Param<T>* ParamStore<T>::find(std::string_view name) const {
  const auto p = std::find_if(params_.begin(), params_.end(),
                              [&](const Param<T>& q) { return q.name == name; });
  return p == params_.end() ? nullptr : &*p;
}

template <class T>
void ParamStore<T>::zero_grad() {
  std::fill(grads_.begin(), grads_.end(), T(0));
}

template class ParamStore<float>;
template class ParamStore<double>;

}  // namespace planet
