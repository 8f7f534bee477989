// The test binary's own operator new, in a separate file so that no caller can inline it.
#include "allocation_watch.hpp"

#include <cstdlib>
#include <new>

namespace planet::test {

std::atomic<std::size_t> largest_request{0};

}  // namespace planet::test

void* operator new(std::size_t bytes) {
  auto& largest = planet::test::largest_request;
  std::size_t seen = largest;
  while (bytes > seen && !largest.compare_exchange_weak(seen, bytes)) {
  }
  if (void* p = std::malloc(bytes ? bytes : 1)) return p;
  throw std::bad_alloc();
}
// std::stable_sort uses this form; AddressSanitizer's version would not match the delete below.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return std::malloc(bytes ? bytes : 1);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
