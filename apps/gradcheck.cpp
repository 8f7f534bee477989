// gradcheck: is every derivative right? All operations of the engine, from the examples they carry;
// with --model [rnn|ssm|rssm], every parameter of a whole world model, from its loss.
//
// Each row of the table is an operation with its worst element; --op NAME shows its examples one by
// one. autograd/gradcheck.hpp says what is compared. The exit status is 1 if anything failed.
// --export FILE writes the model's case for another framework: rssm/README.md, "Recomputing
// the model in another framework".
#include <iostream>

#include "apps/common/options/command_line.hpp"
#include "apps/common/options/version.hpp"
#include "apps/gradcheck/export_case.hpp"
#include "apps/gradcheck/grad_table.hpp"
#include "apps/programs.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

void write_csv(const std::string& file, const std::vector<GradReport>& reports) {
  write_text_atomically(file, grad_csv(reports));
  say_wrote(file);
}

int check_operations(const std::string& op, const std::string& csv) {
  const std::vector<GradReport> reports = gradcheck_all_ops(op);
  if (!csv.empty()) write_csv(csv, reports);
  if (op.empty()) print_by_name(std::cout, reports);
  else print_each(std::cout, reports);
  return conclude(
      std::cout,
      cat("gradient check, double, ", counted(op.empty() ? all_op_names().size() : 1, "operation"),
          ", ", counted(reports.size(), "example")),
      reports);
}

int check_model(const CaseOptions& options, const std::string& file, const std::string& csv) {
  ModelCase model(options);
  if (!file.empty()) {
    model.save(file, version_text());
    say_wrote(file);
  }
  const std::vector<GradReport> reports = model.check();
  if (!csv.empty()) write_csv(csv, reports);
  print_each(std::cout, reports);
  std::size_t derivatives = 0;
  for (const GradReport& r : reports) derivatives += static_cast<std::size_t>(r.derivatives);
  return conclude(std::cout,
                  cat("gradient check, double, whole model, ", counted(reports.size(), "parameter"),
                      ", ", counted(derivatives, "derivative")),
                  reports);
}

}  // namespace

int apps::gradcheck(int argc, const char* const* argv) {
  CommandLine cli("gradcheck", "Compares every derivative with central differences, in double.");
  std::string op, csv, file, model;
  CaseFlags flags;
  cli.option("--op", op, "check only this operation, with one row per example");
  cli.output("--csv", csv, "", "write every row to this CSV file");
  cli.optional_word("--model", model, "rssm",
                    "check every parameter of a whole world model instead: rnn, ssm or rssm");
  cli.output("--export", file, ".safetensors",
             "write inputs, parameters, loss and gradients to this safetensors file",
             "With --model");
  flags.add(cli);
  if (!cli.parse(argc, argv)) return 0;
  if (!model.empty()) {
    require(op.empty(), "--op names an operation; with --model there are none");
    return check_model(flags.options(model), file, csv);
  }
  const std::string alone = file.empty() ? flags.given() : "--export";
  require(alone.empty(), alone, " describes a model; it needs --model");
  return check_operations(op, csv);
}

}  // namespace planet
