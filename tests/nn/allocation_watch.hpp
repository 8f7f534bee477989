// The largest request that operator new has seen in this test binary.
#pragma once

#include <atomic>
#include <cstddef>

namespace planet::test {

extern std::atomic<std::size_t> largest_request;  // bytes; set it to 0 before what is watched

}  // namespace planet::test
