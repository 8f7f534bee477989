// Replaces the global operator new by one that counts. Include it in exactly one source file of a
// test binary that is meant for nothing else.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace planet::test {

inline std::atomic<long> allocations{0};

inline void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  void* p = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (!p) throw std::bad_alloc();
  return p;
}

/// The number of allocations in `work`.
template <class F>
long allocations_in(F&& work) {
  const long before = allocations;
  work();
  return allocations - before;
}

}  // namespace planet::test

// g++ would inline delete and warn about free().
#define PLANET_NOT_INLINE __attribute__((noinline))

void* operator new(std::size_t n) { return planet::test::counted(n ? n : 1, 16); }
void* operator new[](std::size_t n) { return planet::test::counted(n ? n : 1, 16); }
void* operator new(std::size_t n, std::align_val_t a) {
  return planet::test::counted(n ? n : 1, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, std::align_val_t a) {
  return planet::test::counted(n ? n : 1, static_cast<std::size_t>(a));
}
PLANET_NOT_INLINE void operator delete(void* p) noexcept { std::free(p); }
PLANET_NOT_INLINE void operator delete[](void* p) noexcept { std::free(p); }
PLANET_NOT_INLINE void operator delete(void* p, std::size_t) noexcept { std::free(p); }
PLANET_NOT_INLINE void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
PLANET_NOT_INLINE void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
PLANET_NOT_INLINE void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
PLANET_NOT_INLINE void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
PLANET_NOT_INLINE void operator delete[](void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
#undef PLANET_NOT_INLINE
