// A growing bump allocator: allocation advances a pointer, and rewind() moves it back.
//
// Blocks double in size as they run out; reset() replaces several blocks by one of their total
// size, so after two or three training steps there is exactly one block, and no more memory is
// requested. Memory handed out is aligned to 64 bytes and is not initialised.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace planet {

class Arena {
 public:
  /// A position to return to. Valid until the arena is reset or rewound to an earlier mark.
  struct Mark {
    std::size_t block = 0;
    std::size_t used = 0;
  };

  explicit Arena(std::size_t first_block = std::size_t{1} << 16) : first_block_(first_block) {}

  void* allocate(std::size_t bytes);
  template <class T>
  T* allocate_array(std::size_t n) {
    return static_cast<T*>(allocate(n * sizeof(T)));
  }

  Mark mark() const { return {current_, used_}; }
  void rewind(Mark mark);  // drops everything allocated since the mark
  void reset();            // drops everything and joins the blocks

  std::size_t capacity() const;               // bytes held from the system
  std::size_t peak() const { return peak_; }  // most bytes ever in use at once

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  struct Block {
    std::unique_ptr<std::byte, Free> memory;
    std::size_t size = 0;
  };
  static Block make_block(std::size_t size);
  std::size_t in_use() const;

  std::vector<Block> blocks_;
  std::size_t current_ = 0;  // index of the block in use
  std::size_t used_ = 0;     // bytes used in it
  std::size_t before_ = 0;   // bytes in the blocks before it
  std::size_t first_block_;
  std::size_t peak_ = 0;
};

}  // namespace planet
