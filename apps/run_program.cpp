#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <stdexcept>

#include "apps/programs.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

// A stream that is closed gets a descriptor on which every write fails (and stdin one on which every
// read does). Otherwise the next file that is opened would be stdout.
void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0) open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

void say(const char* name, const std::string& sentence) {
  std::cerr << name << ": " << one_line(sentence) << std::endl;
}

constexpr const char* too_large =
    "no memory holds what was asked for; smaller sizes, fewer candidates or a shorter horizon need "
    "less";

int run_and_report(const char* name, Program* program, int argc, const char* const* argv) {
  try {
    return program(argc, argv);
  } catch (const std::filesystem::filesystem_error& e) {
    say(name, cat(e.path1().string(), ": ", e.code().message()));
  } catch (const std::bad_alloc&) {
    say(name, too_large);
  } catch (const std::length_error&) {
    say(name, too_large);
  } catch (const std::exception& e) {
    say(name, e.what());
  }
  return 2;
}

}  // namespace

int run_program(const char* name, Program* program, int argc, const char* const* argv) {
  hold_standard_streams();
  const int status = run_and_report(name, program, argc, argv);
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good()) return status;
  say(name, "stdout is closed or its disk is full; what was to be printed there is lost");
  return status == 0 ? 2 : status;
}

}  // namespace planet
