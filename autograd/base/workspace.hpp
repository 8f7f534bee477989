// Scratch memory of kernels that is kept from call to call: one buffer per thread and purpose, which
// only grows.
//
// Which thread picks up which item of a parallel loop is chance, and so a thread could meet its
// first large item after a thousand steps. Therefore what one thread needed inside a loop, every
// thread gets as it joins the next one (parallel.cpp): after two steps that do the same work nothing
// is allocated any more, at any number of threads.
#pragma once

#include <cstddef>

namespace planet {
namespace detail {
int new_workspace();  // the number of a purpose
void* workspace_memory(int purpose, std::size_t bytes);
void level_workspaces();                  // called by every thread that joins a loop
void count_workspace(std::size_t bytes);  // that a kernel keeps by itself
}  // namespace detail

/// Bytes of all workspaces of all threads together, and of packed weights that are kept.
std::size_t workspace_bytes();

/// At least n elements, not initialised, aligned to 64 bytes: the calling thread's buffer for
/// `Purpose`, a type that is only a name. Valid until the thread asks for it again.
template <class T, class Purpose>
T* workspace(std::ptrdiff_t n) {
  static const int purpose = detail::new_workspace();
  return static_cast<T*>(
      detail::workspace_memory(purpose, static_cast<std::size_t>(n) * sizeof(T)));
}

}  // namespace planet
