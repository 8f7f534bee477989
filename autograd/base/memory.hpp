// Memory for every large array: aligned to a cache line, and in large pages if it is long.
//
// A processor caches some two thousand address translations. With pages of 4 KiB these cover 8 MiB;
// a training step touches a hundred times as much, often one image, that is one page, after the
// other. Pages of 2 MiB keep page-table walks out of the inner loops (on Linux, where the system
// grants them on request; elsewhere nothing changes).
#pragma once

#include <cstddef>
#include <vector>

namespace planet {

/// Uninitialised memory, aligned to 64 bytes: a cache line, and the widest register.
void* take_memory(std::size_t bytes);
void give_memory(void* p) noexcept;

/// The same as an allocator for standard containers.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(take_memory(n * sizeof(T))); }
  void deallocate(T* p, std::size_t) noexcept { give_memory(p); }
  template <class U>
  bool operator==(const AlignedAllocator<U>&) const {
    return true;
  }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace planet
