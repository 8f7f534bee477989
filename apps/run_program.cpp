#include <exception>
#include <iostream>

#include "apps/programs.hpp"

namespace planet {

int run_program(const char* name, Program* program, int argc, const char* const* argv) {
  try {
    return program(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << name << ": " << e.what() << std::endl;
    return 2;
  }
}

}  // namespace planet
