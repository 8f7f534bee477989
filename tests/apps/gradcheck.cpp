// gradcheck as a user runs it: its table, its CSV, its exit status.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "apps/gradcheck/grad_table.hpp"
#include "autograd/base/error.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

std::ptrdiff_t line_count(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("gradcheck prints one row per operation and exits with 0") {
  const Scratch scratch;
  const Result all = run(scratch, "gradcheck", {"--csv", (scratch / "all.csv").string()});
  CHECK(all.status == 0);
  CHECK(all.err == "wrote " + (scratch / "all.csv").string() + "\n");
  const auto names = all_op_names();
  CHECK(line_count(all.out) == static_cast<std::ptrdiff_t>(names.size()) + 2);
  for (const std::string& name : names) CHECK(has(all.out, "\n" + name + " "));
  CHECK_FALSE(has(all.out, "FAILED"));
  const std::string csv = text_of(scratch / "all.csv");
  CHECK(
      csv.starts_with("name,example,derivatives,worst_error,tolerance,float_error,input,element,"
                      "analytic,numeric,ok,failure,note,bf16_error\n"));
  CHECK(line_count(csv) == 1 + static_cast<std::ptrdiff_t>(gradcheck_all_ops().size()));
  const std::string count = cat("double, ", names.size(), " operations, ", line_count(csv) - 1,
                                " examples: worst relative error ");
  CHECK(has(all.out, count));
}

TEST_CASE("gradcheck --op shows each example of one operation") {
  const Scratch scratch;
  const Result one = run(scratch, "gradcheck", {"--op", "gru_cell"});
  CHECK(one.status == 0);
  CHECK(line_count(one.out) ==
        2 + static_cast<std::ptrdiff_t>(gradcheck_all_ops("gru_cell").size()));
  CHECK(has(one.out, "gradient check, double, 1 operation, "));
}

TEST_CASE("gradcheck exits with 2 and a sentence for an unknown option or operation") {
  const Scratch scratch;
  const auto wrong = [&](const Args& args, const std::string& sentence) {
    const Result r = run(scratch, "gradcheck", args);
    CHECK(r.status == 2);
    CHECK(r.out == "");
    INFO(r.err);
    CHECK(has(r.err, sentence));
    CHECK(line_count(r.err) == 1);
  };
  wrong({"--op", "lineer"}, "there is no op named 'lineer' (did you mean 'linear'?)");
  wrong({"--opp", "linear"}, "did you mean '--op'?");
  wrong({"--csv", (scratch / "no" / "such.csv").string()}, "cannot be written");
}

TEST_CASE("gradcheck --list names what can be checked and checks nothing") {
  const Scratch scratch;
  const Result ops = run(scratch, "gradcheck", {"--list"});
  CHECK(ops.status == 0);
  std::string names;
  for (const std::string& name : all_op_names()) names += name + "\n";
  CHECK(ops.out == names);
  const Result model = run(scratch, "gradcheck", {"--model", "--list"});
  CHECK(model.status == 0);
  CHECK(has(model.out, "rssm/gru/weight [14,21]\n"));
  const Result more = run(scratch, "gradcheck", {"--list", "--op", "exp"});
  CHECK(more.status == 2);
  CHECK(has(more.err, "--list names what can be checked and does nothing else"));
  CHECK(line_count(model.out) == 30);
}

TEST_CASE("gradcheck --step and --tolerance") {
  const Scratch scratch;
  CHECK(run(scratch, "gradcheck", {"--op", "exp", "--step", "1e-2"}).status == 1);
  CHECK(
      run(scratch, "gradcheck", {"--op", "exp", "--step", "1e-2", "--tolerance", "1e-3"}).status ==
      0);
  const Result model = run(scratch, "gradcheck",
                           {"--model", "--elements", "1", "--step", "1e-5", "--tolerance", "1e-5"});
  CHECK(model.status == 0);
  CHECK(has(model.out, "  1.0e-05  "));
  const Result wrong = run(scratch, "gradcheck", {"--step", "0"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err == "gradcheck: --step is 0; it must lie between 0 and 1\n");
  CHECK(has(run(scratch, "gradcheck", {"--tolerance", "many"}).err, "--tolerance"));
}

TEST_CASE("gradcheck --model --dot draws the loss") {
  const Scratch scratch;
  const std::string file = (scratch / "loss.dot").string();
  const auto drawn = [&](const Args& more) {
    const Result r =
        run(scratch, "gradcheck", Args{"--model", "--elements", "1", "--dot", file} + more);
    CHECK(r.status == 0);
    CHECK(r.err == "wrote " + file + "\n");
    return text_of(file);
  };
  const std::string one = drawn({}), all = drawn({"--dot-depth", "0"});
  for (const char* part : {"encoder", "rssm", "decoder", "reward"})
    CHECK(has(one, cat("\"", part, "\" [label=")));
  CHECK(line_count(one) < 60);
  CHECK(has(all, "subgraph \"cluster_rssm/gru\""));
  CHECK(line_count(all) > 150);
  const auto wrong = [&](const Args& args, const std::string& sentence) {
    const Result r = run(scratch, "gradcheck", args);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(has(r.err, sentence));
  };
  wrong({"--dot", file}, "--dot describes a model; it needs --model");
  wrong({"--model", "--dot-depth", "1"}, "--dot-depth says how --dot draws; there is no --dot");
  wrong({"--model", "--dot", file, "--dot-depth", "-1"}, "--dot-depth is -1");
  wrong({"--model", "--dot", (scratch / "x.svg").string()}, ".dot");
}

TEST_CASE("gradcheck --elements accepts every correct model") {
  const Scratch scratch;
  for (const char* model : {"rssm", "ssm", "rnn"})
    for (const char* n : {"1", "2", "3", "5", "10"}) {
      const Result r = run(scratch, "gradcheck", {"--model", model, "--elements", n});
      INFO(model, ", ", n, "\n", r.out);
      CHECK(r.status == 0);
    }
}

TEST_CASE("gradcheck --model --image-size: convolutions and free nats follow") {
  const Scratch scratch;
  for (const char* size : {"16", "32"}) {
    const Result r =
        run(scratch, "gradcheck", {"--model", "--image-size", size, "--elements", "2"});
    INFO(r.out, r.err);
    CHECK(r.status == 0);
  }
  const Result r = run(scratch, "gradcheck", {"--model", "--image-size", "24"});
  CHECK(r.status == 2);
  CHECK(has(r.err, "image_size is 24"));
}

TEST_CASE("an unproved derivative is reported and exits with 0") {
  std::vector<GradReport> reports(2);
  reports[0].name = "a";
  reports[1].name = "b";
  reports[0].derivatives = reports[1].derivatives = 1;
  reports[0].note = "element 0 of a lies at a kink";
  reports[1].proved = false;
  reports[1].note = "nothing was proved";
  std::ostringstream end, table;
  CHECK(conclude(end, "check", reports) == 0);
  CHECK(has(end.str(), "note a, : element 0 of a lies at a kink\n"));
  CHECK(has(end.str(), "not proved b, : nothing was proved\n"));
  CHECK(has(end.str(), "check: 1 not proved, worst"));
  print_each(table, reports);
  CHECK(has(table.str(), "  not proved  "));
}

TEST_CASE("a failed report is printed and exits with 1") {
  std::vector<GradReport> reports(2);
  reports[0].name = reports[1].name = "linear";
  reports[0].example = "the first";
  reports[1].example = "the second";
  reports[0].derivatives = 5;
  reports[0].worst = 2e-7;
  std::ostringstream good, bad, nothing, table;
  CHECK(conclude(good, "check", {reports.data(), 1}) == 0);
  CHECK(good.str() == "check: worst relative error 2.0e-07 (linear, the first, input 0[0])\n");
  reports[1].ok = false;
  reports[1].failure = "the result is nan at element 5";
  CHECK(conclude(bad, "check", reports) == 1);
  CHECK(has(bad.str(), "FAILED linear, the second: the result is nan at element 5\n"));
  CHECK(has(bad.str(), "check: 1 FAILED, worst"));
  CHECK(conclude(nothing, "check", {}) == 1);
  print_by_name(table, reports);
  CHECK(line_count(table.str()) == 2);  // one name, and the failed example is its worst
  CHECK(has(table.str(), "FAILED"));
  CHECK(has(table.str(), "the second"));
}
