#include "autograd/base/memory.hpp"

#include <cstdint>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace planet {
namespace {

constexpr std::align_val_t line{64};

// A request that the system may decline, and no error if it does.
void ask_for_large_pages([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t page = std::uintptr_t{1} << 21;
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  const std::uintptr_t begin = (at + page - 1) / page * page, end = (at + bytes) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace

void* take_memory(std::size_t bytes) {
  void* const p = ::operator new(bytes, line);
  ask_for_large_pages(p, bytes);
  return p;
}

void give_memory(void* p) noexcept { ::operator delete(p, line); }

}  // namespace planet
