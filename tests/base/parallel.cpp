// parallel_for: every index once, the same results at any number of threads, exceptions, nesting.
#include "autograd/base/parallel.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "autograd/base/error.hpp"

using namespace planet;

namespace {

/// Sets the number of threads, and restores the old one.
class Threads {
 public:
  explicit Threads(int n) : before_(threads()) { set_threads(n); }
  ~Threads() { set_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

constexpr int counts[] = {1, 2, 3, 7};

}  // namespace

TEST_CASE("parallel_for visits every index exactly once") {
  for (int t : counts) {
    const Threads scope(t);
    for (std::ptrdiff_t n : {0, 1, 2, 3, 7, 8, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(n));
      parallel_for(n, [&](std::ptrdiff_t i) { ++visits[static_cast<std::size_t>(i)]; });
      for (const auto& v : visits) CHECK(v == 1);
    }
  }
}

TEST_CASE("a loop takes the threads that pay") {
  // One thread or none: its items would fill two threads longer than waking all of them takes.
  CHECK(threads_that_pay(0, 10, 16) == 1);
  CHECK(threads_that_pay(1, 1e6, 16) == 1);
  CHECK(threads_that_pay(2, 1e3, 16) == 2);
  CHECK(threads_that_pay(100, 10, 1) == 1);
  CHECK(threads_that_pay(100, 10, 16) == 16);
  for (const auto& [available, least] : {std::pair{2, 2}, {8, 2}, {16, 3}, {64, 8}}) {
    CAPTURE(available);  // items of 4 microseconds, as small as kernels make them
    CHECK(threads_that_pay(least, 4, available) == std::min(least, available));
    CHECK(threads_that_pay(least - 1, 4, available) == 1);
  }
}

TEST_CASE("no more threads work in a loop than pay") {
  const Threads scope(7);
  for (const auto& [count, microseconds] : {std::pair{2, 1e3}, {100, 1e3}, {3, 0.1}}) {
    std::set<std::thread::id> ids;
    std::mutex guard;
    parallel_for(
        count,
        [&](std::ptrdiff_t) {
          const std::lock_guard lock(guard);
          ids.insert(std::this_thread::get_id());
        },
        microseconds);
    CHECK(static_cast<int>(ids.size()) <= threads_that_pay(count, microseconds, 7));
  }
}

TEST_CASE("parallel_nested runs full teams side by side and the few left over on all threads") {
  for (int t : counts) {
    const Threads scope(t);
    const bool one_thread = loops_are_serial();
    for (std::ptrdiff_t n : {0, 1, 2, 3, 4, 5, 7, 8, 10}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(n));
      std::atomic<std::ptrdiff_t> on_all_threads = 0;
      parallel_nested(n, [&](std::ptrdiff_t i) {
        ++visits[static_cast<std::size_t>(i)];
        if (!loops_are_serial()) ++on_all_threads;
      });
      for (const auto& v : visits) CHECK(v == 1);
      const std::ptrdiff_t left = n % t;
      CHECK(on_all_threads == (!one_thread && 2 * left <= t ? left : 0));
    }
  }
}

TEST_CASE("parallel_ranges depend on count and grain alone and cover every index in order") {
  using Range = std::pair<std::ptrdiff_t, std::ptrdiff_t>;
  for (std::ptrdiff_t n : {0, 1, 5, 64, 65, 1000}) {
    for (std::ptrdiff_t grain : {1, 7, 64, 5000}) {
      std::set<Range> first;
      for (int t : counts) {
        const Threads scope(t);
        std::set<Range> ranges;
        std::mutex guard;
        parallel_ranges(n, grain, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
          const std::lock_guard lock(guard);
          CHECK(ranges.insert({begin, end}).second);
        });
        if (t == 1) first = ranges;
        CHECK(ranges == first);
      }
      std::ptrdiff_t at = 0;
      for (const auto& [begin, end] : first) {
        CHECK(begin == at);
        CHECK(end - begin <= grain);
        CHECK(end > begin);
        at = end;
      }
      CHECK(at == n);
    }
  }
}

TEST_CASE("a sum in chunks has the same bits on 1 and 2 and 3 and 7 threads") {
  const auto total = [] {
    std::vector<float> partial(100);
    parallel_ranges(12345, 124, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      float sum = 0;
      for (std::ptrdiff_t i = begin; i < end; ++i) sum += std::sin(static_cast<float>(i));
      partial[static_cast<std::size_t>(begin / 124)] = sum;
    });
    float sum = 0;
    for (float p : partial) sum += p;
    return sum;
  };
  set_threads(1);
  const float one = total();
  for (int t : counts) {
    const Threads scope(t);
    for (int i = 0; i < 5; ++i) CHECK(total() == one);
  }
  set_threads(0);
}

TEST_CASE("several threads work when several are asked for") {
  const Threads scope(3);
  std::set<std::thread::id> ids;
  std::mutex guard;
  // Each index waits until the others have started: a single thread would wait for ever.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::atomic<int> started{0};
  const bool parallel = cpu_budget().describe().find("without OpenMP") == std::string::npos;
  const int team = parallel ? 3 : 1;
  parallel_for(3, [&](std::ptrdiff_t) {
    ++started;
    while (started < team && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    const std::lock_guard lock(guard);
    ids.insert(std::this_thread::get_id());
  });
  CHECK(static_cast<int>(ids.size()) == team);
}

TEST_CASE("an exception in a loop reaches the caller, and the next loop works") {
  for (int t : counts) {
    const Threads scope(t);
    CAPTURE(t);
    CHECK_THROWS_WITH_AS(
        parallel_for(100, [](std::ptrdiff_t i) { require(i != 41, "index ", i, " is wrong"); }),
        "index 41 is wrong", Error);
    CHECK_THROWS_AS(parallel_for(100, [](std::ptrdiff_t) { throw 1; }), int);  // all of them throw
    std::atomic<int> visits{0};
    parallel_for(100, [&](std::ptrdiff_t) { ++visits; });
    CHECK(visits == 100);
  }
}

TEST_CASE("a loop inside a loop runs on the thread that meets it") {
  for (int t : counts) {
    const Threads scope(t);
    std::atomic<int> visits{0}, strangers{0};
    parallel_for(8, [&](std::ptrdiff_t) {
      const auto outer = std::this_thread::get_id();
      parallel_for(50, [&](std::ptrdiff_t) {
        ++visits;
        if (std::this_thread::get_id() != outer) ++strangers;
      });
    });
    CHECK(visits == 400);
    CHECK(strangers == 0);
  }
}

TEST_CASE("an exception of an inner loop passes through the outer one") {
  for (int t : counts) {
    const Threads scope(t);
    CHECK_THROWS_AS(parallel_for(4,
                                 [](std::ptrdiff_t) {
                                   parallel_for(4,
                                                [](std::ptrdiff_t i) { require(i != 2, "two"); });
                                 }),
                    Error);
  }
}

// Without handling of fork() the child waits for the parent's threads, until the alarm ends it.
TEST_CASE("a child of fork computes on its one thread") {
  const auto sum = [] {
    std::atomic<int> total{0};
    parallel_for(100, [&](std::ptrdiff_t i) { total += static_cast<int>(i); });
    return total.load();
  };
  const Threads scope(2);
  CHECK(sum() == 4950);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(20);
    _exit(sum() == 4950 && loops_are_serial() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(threads() == 2);  // the parent keeps its threads
  CHECK(sum() == 4950);
}

TEST_CASE("set_threads takes 1 to 1024, and 0 chooses") {
  set_threads(5);
  CHECK(threads() == 5);
  set_threads(0);
  CHECK(threads() == default_threads());
  CHECK(default_threads() >= 1);
  CHECK_THROWS_WITH_AS(set_threads(-1), "threads is -1; it must be between 0 (choose) and 1024",
                       Error);
  CHECK_THROWS_AS(set_threads(1025), Error);
  CHECK(threads() == default_threads());  // a refused number changes nothing
}
