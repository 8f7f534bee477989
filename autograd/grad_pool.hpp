// First-fit memory for gradients: addresses are reused, lowest first, as soon as a gradient has
// been consumed. So the backward pass touches little more memory than is live at its peak, however
// long the tape is.
#pragma once

#include <cstddef>
#include <vector>

#include "autograd/base/arena.hpp"

namespace planet {

class GradPool {
 public:
  void prepare(std::size_t bytes);  // room for all gradients; untouched pages cost nothing
  void* take(std::size_t bytes);
  void give(void* p, std::size_t bytes);
  std::size_t peak() const { return peak_; }  // high-water mark, in bytes

 private:
  struct Gap {
    std::size_t begin, end;
  };
  Arena arena_{0};
  std::byte* base_ = nullptr;
  std::size_t capacity_ = 0, peak_ = 0;
  std::vector<Gap> gaps_;  // sorted; neighbours are merged
};

}  // namespace planet
