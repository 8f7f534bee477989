// gradcheck: is every derivative right? All operations of the engine, from the examples they carry;
// with --model [rnn|ssm|rssm], every parameter of a whole world model, from its loss.
//
// Each row of the table is an operation with its worst element; --op NAME shows its examples one by
// one. autograd/gradcheck.hpp says what is compared. The exit status is 1 if anything failed.
// --export FILE writes the model's case for another framework: rssm/README.md, "Recomputing
// the model in another framework"; --dot FILE draws its loss (autograd/dot.hpp).
#include <cstdio>
#include <iostream>
#include <sstream>

#include "apps/common/options/command_line.hpp"
#include "apps/common/options/values.hpp"
#include "apps/common/options/version.hpp"
#include "apps/common/report/model_case.hpp"
#include "apps/gradcheck/grad_table.hpp"
#include "apps/programs.hpp"
#include "autograd/dot.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

void write_csv(const std::string& file, const std::vector<GradReport>& reports) {
  write_text_atomically(file, grad_csv(reports));
  say_wrote(file);
}

int check_operations(const std::string& op, const std::string& csv,
                     const GradcheckOptions& options) {
  const std::vector<GradReport> reports = gradcheck_all_ops(op, options);
  if (!csv.empty()) write_csv(csv, reports);
  if (op.empty()) print_by_name(std::cout, reports);
  else print_each(std::cout, reports);
  return conclude(std::cout,
                  cat("gradient check, double, ",
                      counted(op.empty() ? std::ssize(all_op_names()) : 1, "operation"), ", ",
                      counted(std::ssize(reports), "example")),
                  reports);
}

void write_graph(const ModelCase& model, const std::string& file, const std::string& depth) {
  int levels = 1;
  if (!depth.empty()) read_option("--dot-depth", depth, levels);
  require(levels >= 0, "--dot-depth is ", levels,
          "; it must be at least 0, which draws every record");
  Tape tape(Precision::f64);
  std::ostringstream graph;
  write_dot(graph, model.elbo(tape).loss, levels);
  write_text_atomically(file, graph.str());
  say_wrote(file);
}

int check_model(ModelCase& model, const std::string& csv, const GradcheckOptions& options) {
  const std::vector<GradReport> reports = model.check(options);
  if (!csv.empty()) write_csv(csv, reports);
  print_each(std::cout, reports);
  std::int64_t derivatives = 0;
  for (const GradReport& r : reports) derivatives += r.derivatives;
  return conclude(
      std::cout,
      cat("gradient check, double, whole model, ", counted(std::ssize(reports), "parameter"), ", ",
          counted(derivatives, "derivative")),
      reports);
}

// Between 0 and 1, or what it was when it is not given.
void read_share(const std::string& flag, const std::string& text, double& value) {
  if (text.empty()) return;
  read_option(flag, text, value);
  require(value > 0 && value < 1, flag, " is ", value, "; it must lie between 0 and 1");
}

// What rounding does to a whole step; nothing is judged.
int show_rounding(const ModelCase& model, const std::string& csv) {
  const std::vector<Rounding> all = model.rounding();
  std::string text = "quantity,f32,bf16\n";
  for (const Rounding& r : all) text += cat(r.name, ",", r.f32, ",", r.bf16, "\n");
  if (!csv.empty()) {
    write_text_atomically(csv, text);
    say_wrote(csv);
  }
  std::printf("%-36s %9s %9s\n", "relative error against double", "f32", "bf16");
  for (const Rounding& r : all) std::printf("%-36s %9.1e %9.1e\n", r.name.c_str(), r.f32, r.bf16);
  return 0;
}

}  // namespace

int apps::gradcheck(int argc, const char* const* argv) {
  CommandLine cli("gradcheck", "Compares every derivative with central differences, in double.");
  std::string op, csv, file, model, step, tolerance, dot, depth;
  bool list = false, rounding = false;
  CaseFlags flags;
  cli.option("--op", op, "check only this operation, with one row per example");
  cli.output("--csv", csv, "", "write every row to this CSV file");
  cli.optional_word("--model", model, "rssm",
                    "check every parameter of a whole world model instead: rnn, ssm or rssm");
  cli.flag("--list", list, "list the operations, with --model the parameters, and check nothing");
  cli.option("--step", step, "h of the differences, times max(1, |x|) (default 6.06e-06)");
  cli.option("--tolerance", tolerance,
             "largest relative error (default 1e-06, or what an operation's example says)");
  cli.output("--export", file, ".safetensors",
             "write inputs, parameters, loss and gradients to this safetensors file",
             "With --model");
  cli.output("--dot", dot, ".dot", "draw the loss for Graphviz: one box per part of the model",
             "With --model");
  cli.option(
      "--dot-depth", depth,
      "levels of names that get a box of their own (default 1: rssm; 2: rssm/prior); 0: draw "
      "every record",
      "With --model");
  cli.flag("--rounding", rounding,
           "show instead how far the loss and its gradient are from double in f32 and in bf16",
           "With --model");
  flags.add(cli);
  if (!cli.parse(argc, argv)) return 0;
  GradcheckOptions options;
  read_share("--step", step, options.step);
  read_share("--tolerance", tolerance, options.tolerance);
  require(depth.empty() || !dot.empty(), "--dot-depth says how --dot draws; there is no --dot");
  require(!list || !rounding, "--list and --rounding are two questions; ask one of them");
  if (list)
    for (const std::string* other : {&op, &csv, &step, &tolerance, &file, &dot})
      require(other->empty(),
              "--list names what can be checked and does nothing else; it goes with --model and "
              "its sizes alone");
  if (!model.empty()) {
    require(op.empty(), "--op names an operation; with --model there are none");
    ModelCase the_model(flags.options(model));
    if (list) {
      for (const Param& p : the_model.model().params().params())
        std::cout << p.name << " " << p.shape << "\n";
      return 0;
    }
    if (!dot.empty()) write_graph(the_model, dot, depth);
    if (!file.empty()) {
      the_model.save(file, version_text());
      say_wrote(file);
    }
    return rounding ? show_rounding(the_model, csv) : check_model(the_model, csv, options);
  }
  const std::string alone = !file.empty()  ? "--export"
                            : !dot.empty() ? "--dot"
                            : rounding     ? "--rounding"
                                           : flags.given();
  require(alone.empty(), alone, " describes a model; it needs --model");
  if (list) {
    for (const std::string& name : all_op_names()) std::cout << name << "\n";
    return 0;
  }
  return check_operations(op, csv, options);
}

}  // namespace planet
