#include "autograd/base/workspace.hpp"

#include <array>
#include <atomic>

#include "autograd/base/error.hpp"
#include "autograd/base/memory.hpp"
#include "autograd/base/parallel.hpp"

namespace planet {
namespace detail {
namespace {

constexpr std::size_t most = 64;  // purposes
std::atomic<int> purposes{0};

// What loops have needed for each purpose, in bytes, and how often that has grown.
std::array<std::atomic<std::size_t>, most> needed{};
std::atomic<std::size_t> growths{0};

std::atomic<std::size_t> held{0};  // bytes of all threads together

struct Buffers {
  std::array<AlignedVector<std::byte>, most> list;
  std::size_t seen = 0;  // growths

  ~Buffers() {
    for (const AlignedVector<std::byte>& buffer : list) held -= buffer.size();
  }
  void* at_least(std::size_t purpose, std::size_t bytes) {
    AlignedVector<std::byte>& buffer = list[purpose];
    if (buffer.size() < bytes) {
      held -= buffer.size();
      buffer = {};  // the old memory may be used for the new
      buffer.resize(bytes);
      held += bytes;
    }
    return buffer.data();
  }
};
thread_local Buffers buffers;

}  // namespace

int new_workspace() {
  const int purpose = purposes++;
  require(purpose < static_cast<int>(most), "more than ", most, " kinds of workspace");
  return purpose;
}

void* workspace_memory(int purpose, std::size_t bytes) {
  const auto p = static_cast<std::size_t>(purpose);
  if (needed[p] < bytes && inside_a_loop()) {
    std::size_t before = needed[p];
    while (before < bytes && !needed[p].compare_exchange_weak(before, bytes)) {
    }
    if (before < bytes) ++growths;
  }
  return buffers.at_least(p, bytes);
}

void level_workspaces() {
  const std::size_t now = growths;
  if (buffers.seen == now) return;
  buffers.seen = now;
  for (std::size_t p = 0; p < most; ++p) buffers.at_least(p, needed[p]);
}

void count_workspace(std::size_t bytes) { held += bytes; }

}  // namespace detail

std::size_t workspace_bytes() { return detail::held; }

}  // namespace planet
