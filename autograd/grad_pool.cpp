#include "autograd/grad_pool.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"

namespace planet {

void GradPool::prepare(std::size_t bytes) {
  if (bytes > capacity_) {
    arena_ = Arena(bytes);
    base_ = static_cast<std::byte*>(arena_.allocate(bytes));
    capacity_ = bytes;
  }
  gaps_.assign(1, {0, capacity_});
}

void* GradPool::take(std::size_t bytes) {
  bytes = (bytes + 63) / 64 * 64;
  for (std::size_t i = 0; i < gaps_.size(); ++i) {
    Gap& g = gaps_[i];
    if (g.end - g.begin < bytes) continue;
    void* p = base_ + g.begin;
    g.begin += bytes;
    peak_ = std::max(peak_, g.begin);
    if (g.begin == g.end) gaps_.erase(gaps_.begin() + static_cast<std::ptrdiff_t>(i));
    return p;
  }
  fail("[backward] internal error: the gradient memory of ", capacity_, " bytes is too small");
}

void GradPool::give(void* p, std::size_t bytes) {
  const auto begin = static_cast<std::size_t>(static_cast<std::byte*>(p) - base_);
  const Gap gap{begin, begin + (bytes + 63) / 64 * 64};
  auto next =
      std::find_if(gaps_.begin(), gaps_.end(), [&](const Gap& g) { return g.begin >= gap.end; });
  const bool joins_next = next != gaps_.end() && next->begin == gap.end;
  const bool joins_last = next != gaps_.begin() && std::prev(next)->end == gap.begin;
  if (joins_last && joins_next) {
    std::prev(next)->end = next->end;
    gaps_.erase(next);
  } else if (joins_last) {
    std::prev(next)->end = gap.end;
  } else if (joins_next) {
    next->begin = gap.begin;
  } else {
    gaps_.insert(next, gap);
  }
}

}  // namespace planet
