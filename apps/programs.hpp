// The programs as functions. bin/train runs apps::train, bin/eval apps::eval, and so on (main.cpp);
// a binary of your own can have them all, for tasks of your own:
//
//   #include "apps/programs.hpp"
//   #include "envs/registry.hpp"
//
//   int main(int argc, char** argv) { return planet::run(argc, argv, {my_task_spec()}); }
//
// is then started as `mine train --env my_task`, `mine eval runs/my_task` ...
#pragma once

#include <vector>

namespace planet {

struct EnvSpec;

/// A program: main() without the outermost error handler. Returns the exit status.
using Program = int(int argc, const char* const* argv);

namespace apps {
Program train, eval, play, dream, compare, plan, report, check, plot, gradcheck, bench;
// Used only by the studies.
Program futures, ranking;
}  // namespace apps

/// Registers `tasks`, then runs the program named by the first argument with the remaining ones.
/// --help lists the programs. An unknown program is an Error, status 2.
int run(int argc, const char* const* argv, const std::vector<EnvSpec>& tasks);

/// Runs one program. An Error is printed to stderr as "NAME: sentence" and becomes status 2; so does
/// a stdout that could not be written, at the end, if the program itself had nothing to complain of.
int run_program(const char* name, Program* program, int argc, const char* const* argv);

}  // namespace planet
