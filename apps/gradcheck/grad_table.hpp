// The reports of a gradient check as a table for people and as CSV for programs.
// autograd/gradcheck.hpp has the check itself and the meaning of every number.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "autograd/gradcheck.hpp"

namespace planet {

/// One row per name: its worst report, with the number of reports and derivatives behind it.
void print_by_name(std::ostream& out, std::span<const GradReport> reports);
/// One row per report: the examples of one op, or the parameters of a model.
void print_each(std::ostream& out, std::span<const GradReport> reports);
/// The end of every check: a sentence per report that failed or has a note, and one line that
/// begins with `what`. Returns the program's exit status: 0, or 1 if anything failed or nothing was
/// checked.
int conclude(std::ostream& out, const std::string& what, std::span<const GradReport> reports);

/// "worst relative error 2.8e-07 (gaussian_kl, a narrow prior, input 3, element 3)".
std::string worst_of(std::span<const GradReport> reports);

/// As CSV: a header and one line per report, 17 significant digits, text in double quotes.
std::string grad_csv(std::span<const GradReport> reports);

}  // namespace planet
