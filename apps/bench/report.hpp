// Tables for people, JSON for programs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/bench/machine.hpp"
#include "apps/bench/measure.hpp"
#include "nn/files/json.hpp"

namespace planet::bench {

void print_machine(const Machine& machine);
/// One table: median and best time, GFLOP/s and share of the peak (or ns per element), allocations.
void print_results(const std::string& title, const std::vector<Result>& results,
                   const Machine& machine);
Json to_json(const Machine& machine, const std::vector<Result>& results);

}  // namespace planet::bench
