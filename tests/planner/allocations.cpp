// A binary of its own, because it replaces operator new: after warm-up a decision and a plan ask
// for no memory at all, on any thread.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "autograd/base/parallel.hpp"
#include "planner/agent.hpp"
#include "tests/rssm/support.hpp"

namespace {
std::atomic<long> calls{0};
void* counted(std::size_t bytes, std::size_t align) {
  ++calls;
  void* p = align > alignof(std::max_align_t)
                ? std::aligned_alloc(align, (bytes + align - 1) / align * align)
                : std::malloc(bytes ? bytes : 1);
  if (!p) throw std::bad_alloc();
  return p;
}
}  // namespace

void* operator new(std::size_t n) { return counted(n, 0); }
void* operator new[](std::size_t n) { return counted(n, 0); }
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

using namespace planet;

TEST_SUITE("planner") {
  TEST_CASE("P43 a decision asks for no memory after warm-up") {
    const WorldModel<float> model(miniature(), 7);
    const int before = threads();
    for (const int n : {1, 2}) {
      set_threads(n);
      for (const std::uint32_t B : {1u, 3u}) {
        std::vector<AgentStreams> streams;
        for (std::uint32_t b = 0; b < B; ++b) streams.push_back(AgentStreams::evaluating(1, b));
        CemConfig cem;
        cem.iterations = 3;
        cem.candidates = 500;
        MpcAgent agent(model, cem, streams);
        const std::vector<std::uint8_t> frames(B * 8 * 8 * 3, 100);
        for (int i = 0; i < 3; ++i) agent.act(frames, 0.3);
        const long warm = calls;
        CHECK(warm > 0);
        for (int i = 0; i < 5; ++i) agent.act(frames, 0.3);
        agent.reset();
        agent.act(frames, 0);
        CHECK(calls - warm == 0);
      }
    }
    set_threads(before);
  }
}
