#include "apps/common/console/wait_policy.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace planet {

void sleep_when_idle() {
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"})
    if (std::getenv(name)) return;
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::string line{std::istreambuf_iterator<char>(in), {}};  // arguments, each ended by a zero
  std::vector<char*> arguments;
  for (std::size_t i = 0; i < line.size(); i = line.find('\0', i) + 1) {
    arguments.push_back(line.data() + i);
    if (line.find('\0', i) == std::string::npos) return;
  }
  if (arguments.empty()) return;
  arguments.push_back(nullptr);
  setenv("GOMP_SPINCOUNT", "10000", 0);  // rounds of a pause instruction; g++'s runtime
  setenv("KMP_BLOCKTIME", "0", 0);       // milliseconds; clang++'s
  execv("/proc/self/exe",
        arguments.data());  // comes back only when it failed: then all is as before
}

}  // namespace planet
