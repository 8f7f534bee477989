// Every program in one binary, with the tasks that only tests use, as a project of its own would
// have them: `worlds train --env another_pendulum`.
#include "tests/worlds/worlds.hpp"

#include "apps/programs.hpp"

int main(int argc, char** argv) {
  planet::EnvSpec another = planet::env_spec("pendulum_swingup");
  another.name = "another_pendulum";
  return planet::run(argc, argv,
                     {another, planet::test::counting_spec(), planet::test::terminating_spec()});
}
