#include "autograd/base/arena.hpp"

#include <algorithm>

#include "autograd/base/memory.hpp"

namespace planet {
namespace {
constexpr std::size_t alignment = 64;  // that of take_memory
}

void Arena::Free::operator()(std::byte* p) const { give_memory(p); }

Arena::Block Arena::make_block(std::size_t size) {
  auto* p = static_cast<std::byte*>(take_memory(size));
  return {std::unique_ptr<std::byte, Free>(p), size};
}

void* Arena::allocate(std::size_t bytes) {
  bytes = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  while (blocks_.empty() || used_ + bytes > blocks_[current_].size) {
    if (current_ + 1 < blocks_.size()) {  // a block left over from before a rewind
      before_ += blocks_[current_++].size;
    } else {
      const std::size_t doubled = std::max(first_block_, capacity());
      blocks_.push_back(make_block(std::max(doubled, bytes)));
      if (blocks_.size() > 1) before_ += blocks_[current_++].size;
    }
    used_ = 0;
  }
  std::byte* p = blocks_[current_].memory.get() + used_;
  used_ += bytes;
  peak_ = std::max(peak_, in_use());
  return p;
}

void Arena::rewind(Mark mark) {
  while (current_ > mark.block) before_ -= blocks_[--current_].size;
  used_ = mark.used;
}

void Arena::reset() {
  if (blocks_.size() > 1) {
    const std::size_t total = capacity();
    blocks_.clear();
    blocks_.push_back(make_block(total));
  }
  current_ = used_ = before_ = 0;
}

std::size_t Arena::capacity() const {
  std::size_t total = 0;
  for (const Block& b : blocks_) total += b.size;
  return total;
}

std::size_t Arena::in_use() const { return before_ + used_; }

}  // namespace planet
