// The arena: aligned pieces that never overlap, marks that give memory back, blocks that join.
#include "autograd/base/arena.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <vector>

using namespace planet;

namespace {

struct Piece {
  unsigned char* p;
  std::size_t bytes;
  unsigned char mark;
};

Piece take(Arena& arena, std::size_t bytes, int mark) {
  Piece piece{static_cast<unsigned char*>(arena.allocate(bytes)), bytes,
              static_cast<unsigned char>(mark)};
  std::memset(piece.p, piece.mark, bytes);
  return piece;
}

bool intact(const std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) {
    for (std::size_t i = 0; i < piece.bytes; ++i)
      if (piece.p[i] != piece.mark) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("arena pieces are aligned to 64 bytes and do not overlap, also across blocks") {
  Arena arena(256);
  std::vector<Piece> pieces;
  for (int i = 0; i < 200; ++i) {
    pieces.push_back(take(arena, static_cast<std::size_t>(i * i % 301), i));
    CHECK(reinterpret_cast<std::uintptr_t>(pieces.back().p) % 64 == 0);
  }
  CHECK(intact(pieces));
}

TEST_CASE("arena arrays are typed and two empty ones are not the same") {
  Arena arena;
  double* x = arena.allocate_array<double>(9);
  float* y = arena.allocate_array<float>(0);
  float* z = arena.allocate_array<float>(0);
  CHECK(reinterpret_cast<char*>(y) - reinterpret_cast<char*>(x) == 128);  // 72 bytes, rounded up
  CHECK(y != z);
}

TEST_CASE("arena blocks double and hold what is larger than a double") {
  Arena arena(1024);
  CHECK(arena.capacity() == 0);  // nothing is taken before it is needed
  arena.allocate(1);
  CHECK(arena.capacity() == 1024);
  arena.allocate(1024);
  CHECK(arena.capacity() == 2048);
  arena.allocate(1024);
  CHECK(arena.capacity() == 4096);
  arena.allocate(100000);
  CHECK(arena.capacity() == 4096 + 100032);
}

TEST_CASE("arena rewind gives back the same memory and keeps what came before the mark") {
  Arena arena(512);
  std::vector<Piece> kept;
  for (int i = 0; i < 7; ++i) kept.push_back(take(arena, 100, i));
  const Arena::Mark mark = arena.mark();
  void* first = nullptr;
  for (int round = 0; round < 3; ++round) {
    void* p = arena.allocate(64);
    if (round == 0) first = p;
    CHECK(p == first);
    for (int i = 0; i < 50; ++i) take(arena, 200, 255);  // into further blocks
    arena.rewind(mark);
  }
  CHECK(intact(kept));
}

TEST_CASE("arena marks nest") {
  Arena arena(256);
  arena.allocate(64);
  const Arena::Mark outer = arena.mark();
  void* a = arena.allocate(1000);
  const Arena::Mark inner = arena.mark();
  void* b = arena.allocate(1000);
  arena.rewind(inner);
  CHECK(arena.allocate(1000) == b);
  arena.rewind(outer);
  CHECK(arena.allocate(1000) == a);
}

TEST_CASE("arena uses a block left from before a rewind, and skips one that is too small") {
  Arena arena(256);
  const Arena::Mark start = arena.mark();
  arena.allocate(256);
  arena.allocate(256);  // a second block of 256
  arena.allocate(512);  // a third of 512
  const std::size_t capacity = arena.capacity();
  arena.rewind(start);
  take(arena, 512, 1);  // does not fit the first two
  CHECK(arena.capacity() == capacity);
  take(arena, 64, 2);  // the third is full
  CHECK(arena.capacity() > capacity);
}

TEST_CASE("arena reset joins the blocks into one that holds everything") {
  Arena arena(128);
  for (int i = 0; i < 20; ++i) arena.allocate(128);
  const std::size_t capacity = arena.capacity();
  arena.reset();
  CHECK(arena.capacity() == capacity);
  auto* begin = static_cast<char*>(arena.allocate(64));
  for (std::size_t used = 64; used < capacity; used += 64) {
    CHECK(static_cast<char*>(arena.allocate(64)) == begin + used);  // one block, side by side
  }
  CHECK(arena.capacity() == capacity);
}

TEST_CASE("arena peak is the largest amount ever in use") {
  Arena arena(4096);
  const Arena::Mark start = arena.mark();
  arena.allocate(1000);
  CHECK(arena.peak() == 1024);
  arena.rewind(start);
  arena.allocate(64);
  CHECK(arena.peak() == 1024);
  arena.allocate(2000);
  CHECK(arena.peak() == 64 + 2048);
  arena.reset();
  CHECK(arena.peak() == 64 + 2048);
}
