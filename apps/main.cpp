// The main of every program: PLANET_PROGRAM is its name, train for bin/train.
#include "apps/common/console/threads.hpp"
#include "apps/common/options/command.hpp"
#include "apps/programs.hpp"

#define PLANET_TEXT(word) #word
#define PLANET_NAME(word) PLANET_TEXT(word)

int main(int argc, char** argv) {
  planet::restart_with_short_spin(argv);
  planet::called_as(argc > 0 ? argv[0] : PLANET_NAME(PLANET_PROGRAM), false);
  return planet::run_program(PLANET_NAME(PLANET_PROGRAM), planet::apps::PLANET_PROGRAM, argc, argv);
}
