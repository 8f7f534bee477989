// gradcheck: is every derivative right? All operations of the engine, from the examples they carry.
//
// A row of the table is an operation with its worst element; --op NAME shows each of its examples.
// What is compared, and why it can fail: autograd/gradcheck.hpp. Exit status 1 if anything failed.
#include <iostream>

#include "apps/common/command_line.hpp"
#include "apps/common/grad_table.hpp"

namespace planet {
namespace {

int check_operations(const std::string& op, const std::string& csv) {
  const std::vector<GradReport> reports = gradcheck_all_ops(op);
  if (!csv.empty()) write_grad_csv(csv, reports);
  if (op.empty()) print_by_name(std::cout, reports);
  else print_each(std::cout, reports);
  print_failures(std::cout, reports);
  std::cout << "gradient check, double, "
            << counted(op.empty() ? all_op_names().size() : 1, "operation") << ", "
            << counted(reports.size(), "example") << ": " << worst_of(reports) << std::endl;
  return all_ok(reports) ? 0 : 1;
}

int gradcheck_main(int argc, const char* const* argv) {
  CommandLine cli("gradcheck", "Compares every derivative with central differences, in double.");
  std::string op, csv;
  cli.option("--op", op, "only this operation, each of its examples in a row");
  cli.option("--csv", csv, "write every example to this file");
  if (!cli.parse(argc, argv)) return 0;
  return check_operations(op, csv);
}

}  // namespace
}  // namespace planet

int main(int argc, char** argv) {
  return planet::run_main("gradcheck", [&] { return planet::gradcheck_main(argc, argv); });
}
