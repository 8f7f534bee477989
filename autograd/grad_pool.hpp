// First-fit memory for gradients: low addresses are reused as soon as a gradient was consumed, so
// the backward pass touches little more than its largest moment, whatever the tape's length.
#pragma once

#include <cstddef>
#include <vector>

#include "autograd/base/arena.hpp"

namespace planet {

class GradPool {
 public:
  void prepare(std::size_t bytes);  // room for all gradients; pages never touched cost nothing
  void* take(std::size_t bytes);
  void give(void* p, std::size_t bytes);
  std::size_t peak() const { return peak_; }  // bytes from the start that were ever in use

 private:
  struct Gap {
    std::size_t begin, end;
  };
  Arena arena_{0};
  std::byte* base_ = nullptr;
  std::size_t capacity_ = 0, peak_ = 0;
  std::vector<Gap> gaps_;  // sorted, never touching
};

}  // namespace planet
