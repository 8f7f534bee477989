// threads_given ASKED: prints the CPUs of this process, the threads that a request for ASKED gets,
// and the number of threads that really ran a loop.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>

#include "autograd/base/parallel.hpp"

int main(int argc, char** argv) {
  const planet::ThreadChoice choice = planet::choose_threads(argc > 1 ? std::atoi(argv[1]) : 0);
  planet::set_threads(choice.threads);
  // Each index waits for the others' threads, so that no thread takes two of them before all
  // requested threads have started.
  std::mutex guard;
  std::set<std::thread::id> ids;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  const auto all_here = [&] {
    const std::lock_guard lock(guard);
    ids.insert(std::this_thread::get_id());
    return static_cast<int>(ids.size()) >= planet::threads();
  };
  planet::parallel_for(planet::threads() + 1, [&](std::ptrdiff_t) {
    while (!all_here() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  });
  std::printf("%d %d %d\n%s\n", planet::cpu_budget().cpus, planet::threads(),
              static_cast<int>(ids.size()), choice.why.c_str());
}
