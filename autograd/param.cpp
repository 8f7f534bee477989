#include "autograd/param.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"
#include "autograd/kernels/bf16.hpp"

namespace planet {

Param& ParamStore::add(std::string name, Shape shape) {
  require(!name.empty() && !find(name), "the parameter name '", name, "' is ",
          name.empty() ? "empty" : "already used");
  require(shape.rank() >= 1 && shape.size() >= 1, "parameter ", name, " has shape ", shape,
          "; every axis must have at least one element");
  const std::ptrdiff_t offset = size_;
  size_ += shape.size();
  for (Slab* slab : {&values_, &grads_, &m_, &v_})  // zero bytes are zeros in either type
    slab->resize(index(size_) * element_size(precision_));
  return params_.emplace_back(Param{std::move(name), shape, offset, params_.size(), this});
}

const Param* ParamStore::find(std::string_view name) const {
  const auto p =
      std::find_if(params_.begin(), params_.end(), [&](const Param& q) { return q.name == name; });
  return p == params_.end() ? nullptr : &*p;
}

FixedParams::FixedParams(const ParamStore& store)
    : counts_(store.precision() == Precision::bf16 &&
              kernels::begin_constants(store.values<float>(), store.size())) {}
FixedParams::~FixedParams() {
  if (counts_) kernels::end_constants();
}

void ParamStore::zero_grad() { std::fill(grads_.begin(), grads_.end(), std::byte{0}); }

}  // namespace planet
