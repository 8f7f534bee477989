// The fields of RunConfig as options of a command line.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "apps/common/options/command_line.hpp"
#include "apps/common/options/config_file.hpp"

namespace planet {

class RunOptions {
 public:
  /// Adds every field, or those of one group ("Planner"). This object must outlive cli.parse().
  void add(CommandLine& cli, const std::string& group = "");
  /// What was typed, in the order of the fields. Error: an option given twice that is no list.
  std::vector<Assignment> typed() const;

 private:
  struct Typed {
    const Field* field;
    std::vector<std::string> values;
  };
  std::deque<Typed> fields_;  // a deque: the command line keeps references to the values
};

}  // namespace planet
