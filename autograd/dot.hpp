// The tape as a picture, in the language of Graphviz:
//
//   std::ofstream file("loss.dot");
//   write_dot(file, loss);                  then: dot -Tsvg loss.dot -o loss.svg
//
// Every record that the result was computed from is a box with its op and its shape: a parameter is
// blue and has its name within its frame, data (a constant) is grey, a variable green. Boxes stand in frames, one for
// each scope (NameScope). A dashed arrow carries no gradient. The records themselves, for a picture
// of your own: Tape::describe().
#pragma once

#include <iosfwd>

#include "autograd/tape.hpp"

namespace planet {

/// With depth 0 every record is drawn. With depth n, a box stands for each scope of n levels (1:
/// "rssm", 2: "rssm/prior") and says how many records and parameters it holds; an arrow says what
/// passes along it. Views are then left out, and a record outside all scopes is drawn with the one
/// that it belongs to: that alone reads it, or that all its inputs come from and that either depends
/// on it or has another record of the same op.
void write_dot(std::ostream& out, Var result, int depth = 0);

}  // namespace planet
