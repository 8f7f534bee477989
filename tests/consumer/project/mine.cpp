// All programs in one binary, with a task that planet does not have.
#include "apps/programs.hpp"
#include "envs/registry.hpp"

int main(int argc, char** argv) {
  planet::EnvSpec slow = planet::env_spec("pendulum_swingup");
  slow.name = "slow_pendulum";
  slow.time_limit = 400;
  return planet::run(argc, argv, {slow});
}
