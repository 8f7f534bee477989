#include "apps/common/console/threads.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"

namespace planet {
namespace {

constexpr const char* variables[] = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"};

}  // namespace

void use_threads(int asked) {
  const ThreadChoice choice = choose_threads(asked);
  set_threads(choice.threads);
  if (!choice.why.empty())
    std::cerr << cat("threads  ", choice.threads, " used, ", asked, " asked for: ", choice.why,
                     "\n");
}

void restart_with_short_spin(char* const* argv) {
  for (const char* name : variables)
    if (std::getenv(name) != nullptr) return;
  setenv("GOMP_SPINCOUNT", "10000", 0);  // g++'s runtime: rounds of a pause instruction
  setenv("KMP_BLOCKTIME", "0", 0);       // clang++'s: milliseconds
  unbind_thread();                       // a runtime that reads its environment anew finds all CPUs
  execv("/proc/self/exe", argv);         // returns only if it failed; then the threads spin longer
}

std::string wait_policy_text() {
  std::string text;
  for (const char* name : variables)
    if (const char* value = std::getenv(name); value != nullptr)
      text += std::string(text.empty() ? "" : ", ") + name + "=" + value;
  return "idle threads wait by " + (text.empty() ? "the OpenMP runtime's own default" : text) +
         "; unless you set one of these, the program sets the last two and executes itself again";
}

}  // namespace planet
