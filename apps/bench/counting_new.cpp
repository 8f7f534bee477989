// The operator new of the whole program, which counts its calls: that is how "0 allocations in
// steady state" is measured. Linked into bin/bench alone; a library must not replace operator new.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "apps/bench/measure.hpp"

namespace {
[[maybe_unused]] const bool counting = (planet::bench::allocation_count = 0, true);

void* counted(std::size_t bytes, std::size_t alignment) {
  planet::bench::allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* p = nullptr;
  if (posix_memalign(&p, std::max(alignment, sizeof(void*)), std::max<std::size_t>(bytes, 1)) != 0)
    throw std::bad_alloc();
  return p;
}
}  // namespace

void* operator new(std::size_t n) { return counted(n, alignof(max_align_t)); }
void* operator new[](std::size_t n) { return counted(n, alignof(max_align_t)); }
void* operator new(std::size_t n, std::align_val_t a) {
  return counted(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, std::align_val_t a) {
  return counted(n, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
