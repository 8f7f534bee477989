// What a training step repeats must not allocate memory: a warm arena and a parallel loop.
#include <doctest/doctest.h>

#include "autograd/base/arena.hpp"
#include "autograd/base/parallel.hpp"
#include "tests/support/counting_new.hpp"

using namespace planet;

namespace {

// A round of uneven pieces with a rewind in the middle, as a tape makes them.
void step(Arena& arena) {
  arena.reset();
  for (std::size_t i = 0; i < 300; ++i) arena.allocate(i * 37 % 1000);
  const Arena::Mark mark = arena.mark();
  for (int candidate = 0; candidate < 4; ++candidate) {
    for (std::size_t i = 0; i < 300; ++i) arena.allocate(i * 53 % 1500);
    arena.rewind(mark);
  }
}

}  // namespace

TEST_CASE("a warm arena allocates no memory") {
  Arena arena(256);
  CHECK(test::allocations_in([&] { step(arena); }) > 0);  // the counter works
  step(arena);                                            // joins the blocks
  CHECK(test::allocations_in([&] {
          for (int i = 0; i < 10; ++i) step(arena);
        }) == 0);
}

TEST_CASE("a parallel loop allocates no memory once its threads exist") {
  set_threads(3);
  double sum[1000];
  const auto loop = [&] {
    parallel_ranges(1000, 7, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      for (std::ptrdiff_t i = begin; i < end; ++i) sum[i] = static_cast<double>(i);
    });
  };
  loop();
  CHECK(test::allocations_in(loop) == 0);
  CHECK(sum[999] == 999);
  set_threads(0);
}
