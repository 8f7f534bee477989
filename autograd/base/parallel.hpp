// Parallel loops whose result cannot depend on the number of threads.
//
// The rules: split over outputs, never over a sum; cut a long sum into chunks whose size depends on
// the shape alone, and fold the partial sums in index order; never ask for the number of threads
// except to start them. parallel.cpp holds the project's only OpenMP
// pragma; without OpenMP the same loops run on one thread with the same bits.
//
// A loop wakes all threads() or none. g++'s OpenMP ends the threads that a smaller team leaves out
// and makes new ones for the next larger team: some 20 microseconds each, and all their workspaces
// are allocated anew.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

namespace planet {

/// Threads used by parallel loops from now on. n >= 1; 0 means default_threads().
/// After fork() the child runs on one thread if loops ran before: OpenMP's threads stay with the
/// parent, and a child that waited for them would wait forever.
void set_threads(int n);
int threads();

/// The CPUs and threads that this process may use.
struct CpuBudget {
  int cpus = 1;                  // CPUs it may run on: the affinity mask, or OpenMP's places
  double quota = 0;              // the least CPU quota of its cgroups, in CPUs; 0 = none
  int most = 1024;               // the largest number of threads to be had; see `why_most`
  std::string why_most;          // "OMP_THREAD_LIMIT is 1"; empty: nothing but our own 1024
  int wanted = 0;                // OMP_NUM_THREADS; 0 = not set
  int threads = 1;               // the resulting default
  std::string describe() const;  // "2 threads (2 CPUs, no cgroup limit)"
};
/// `root` stands for / in tests of cgroups.
CpuBudget cpu_budget(const std::string& root = "");
int default_threads();

/// The number of threads that a request for n gets: never more than there are CPUs, because threads
/// that wait for each other's time slice only slow the loops down; 0 chooses. `why` is empty if n
/// was granted, and otherwise gives the reason. (set_threads itself takes any number, with the same
/// bits: tests use seven on two CPUs.)
struct ThreadChoice {
  int threads = 1;
  std::string why;
};
ThreadChoice choose_threads(int n, const CpuBudget& budget = cpu_budget());

/// Lets this thread run on all CPUs of OpenMP's places again if the runtime has bound it to one; a
/// program executed from here inherits that. Does nothing where there are no places.
void unbind_thread();

/// How many of `available` threads a loop over `count` items takes, each of which keeps one thread
/// busy for about so many microseconds: all that get an item, or one if waking the others would take
/// longer than they save. It depends on these three numbers alone, so it is the same at every call.
int threads_that_pay(std::ptrdiff_t count, double microseconds, int available);

namespace detail {
using LoopBody = void (*)(void* context, std::ptrdiff_t index);
void run_parallel(std::ptrdiff_t count, double microseconds, LoopBody body, void* context);
inline constexpr double long_item = 1e3, range_item = 10;  // microseconds
}  // namespace detail

/// Calls f(i) for i = 0 .. count-1, each exactly once, in any order, on threads_that_pay() threads
/// of threads(). A nested loop runs serially on its thread. The first exception is rethrown here.
template <class F>
void parallel_for(std::ptrdiff_t count, F&& f, double microseconds = detail::long_item) {
  using Body = std::remove_reference_t<F>;
  detail::run_parallel(
      count, microseconds,
      [](void* context, std::ptrdiff_t i) { (*static_cast<Body*>(context))(i); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

/// True where a parallel loop would run serially: with one thread, or inside another loop. May be
/// used to choose the size of a workspace, never a result.
bool loops_are_serial();
bool inside_a_loop();  // on several threads

/// parallel_for over few, long items that have parallel loops inside. Items run side by side, one
/// per thread, as long as they fill all threads; a remainder of at most half as many items runs one
/// after the other, each on all threads.
template <class F>
void parallel_nested(std::ptrdiff_t count, F&& f) {
  const std::ptrdiff_t left = count % threads();
  const std::ptrdiff_t side_by_side = 2 * left <= threads() ? count - left : count;
  parallel_for(side_by_side, f);
  for (std::ptrdiff_t i = side_by_side; i < count; ++i) f(i);
}

/// Calls f(begin, end) on consecutive ranges of at most `grain` indices that cover 0 .. count-1.
/// The ranges depend on count and grain alone; each should take some ten microseconds or more.
template <class F>
void parallel_ranges(std::ptrdiff_t count, std::ptrdiff_t grain, F&& f) {
  parallel_for((count + grain - 1) / grain,
               [&](std::ptrdiff_t i) {
                 const std::ptrdiff_t begin = i * grain;
                 f(begin, begin + grain < count ? begin + grain : count);
               },
               detail::range_item);
}

}  // namespace planet
