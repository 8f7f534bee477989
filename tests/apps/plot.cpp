// plot: a table of results as means with intervals, drawn and written.
#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>

#include "apps/common/files/csv_table.hpp"
#include "apps/common/files/svg_plot.hpp"
#include "autograd/base/error.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

const char* const results =
    "run,model,seed,horizon,error,kind\n"
    "a,rssm,1,2,3,image\n"
    "b,rssm,2,2,5,image\n"
    "c,rssm,1,1,1,image\n"
    "d,ssm,1,1,20,image\n"
    "e,ssm,2,1,,image\n"
    "f,ssm,1,1,1000,reward\n";

fs::path write(const Scratch& scratch, const std::string& text) {
  std::ofstream(scratch / "results.csv") << text;
  return scratch / "results.csv";
}

}  // namespace

TEST_CASE("a table of results becomes means with their intervals") {
  const Scratch scratch;
  const fs::path csv = write(scratch, results);
  const Result r = run(scratch, "plot",
                       {csv.string(), "--by", "model", "--x", "horizon", "--y", "error", "--where",
                        "kind=image", "--table", "table.md"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  // 3 and 5: mean 4, s = sqrt(2), and 12.706 s / sqrt(2) = 12.706. One number has no interval.
  CHECK(text_of(scratch / "table.md") ==
        "| model | horizon | n | error |\n"
        "|---|---|---|---|\n"
        "| rssm | 2 | 2 | 4.000 +- 12.706 |\n"
        "| rssm | 1 | 1 | 1.000 |\n"
        "| ssm | 1 | 1 | 20.0 |\n");
}

TEST_CASE("a table of another program is read, quotes and line ends and all") {
  const Scratch scratch;
  const std::string csv = write(scratch,
                                "\xef\xbb\xbfmodel,\"h, steps\",e\r\n"
                                "\"A, \"\"wide\"\"\",1,0.5\r\n\"A, \"\"wide\"\"\",1,0.7\r\n")
                              .string();
  const Result r = run(scratch, "plot",
                       {csv, "--by", "model", "--x", "h, steps", "--y", "e", "--table", "p.md"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(text_of(scratch / "p.md").find("| A, \"wide\" | 1 | 2 | 0.600 +- 1.271 |") !=
        std::string::npos);
}

TEST_CASE("a plot has a line for each model in the order of x and words have places along x") {
  const Scratch scratch;
  const std::string csv = write(scratch, results).string();
  REQUIRE(run(scratch, "plot",
              {csv, "--by", "model", "--x", "horizon", "--y", "error", "--where", "kind=image",
               "--level", "7=seven", "--svg", "lines.svg"})
              .status == 0);
  const std::string lines = text_of(scratch / "lines.svg");
  CHECK(count(lines, "<polyline") == 2);
  CHECK(count(lines, ">rssm</text>") == 1);
  CHECK(count(lines, ">seven</text>") == 1);
  const auto points =
      lines.find("points=", lines.find("<polyline"));  // of rssm: from left to right
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  REQUIRE(std::sscanf(lines.c_str() + points, "points=\"%lf,%lf %lf,%lf\"", &x1, &y1, &x2, &y2) ==
          4);
  CHECK(x1 < x2);
  CHECK(y1 > y2);  // 1, then 4: upwards on the screen

  REQUIRE(run(scratch, "plot",
              {csv, "--x", "model", "--y", "error", "--y", "seed", "--where", "horizon=1",
               "--where", "kind=image", "--svg", "words.svg"})
              .status == 0);
  const std::string words = text_of(scratch / "words.svg");
  CHECK(count(words, "<polyline") == 0);
  CHECK(count(words, "<circle") == 6);  // two of them in the legend
  CHECK(count(words, ">rssm</text>") == 1);
  CHECK(count(words, ">ssm</text>") == 1);
  CHECK(count(words, ">error</text>") == 1);
  CHECK(count(words, ">0</text>") == 1);  // along y alone
}

TEST_CASE("of runs plot collects the metrics, and a line per run") {
  const Scratch scratch;
  for (const char* run : {"a", "b"}) {
    fs::create_directories(scratch / run);
    std::ofstream(scratch / run / "config.toml")
        << "# Run\nseed = " << (run[0] == 'a' ? 7 : 8) << "   # decides\nseed_episodes = 5\n";
    // The last row was torn by a kill; an empty cell was not measured.
    std::ofstream(scratch / run / "metrics.csv")
        << "time/elapsed,train/return,eval/return_mean\n1,10,\n2,,\n3,30,25\n4,4";
  }
  const Args runs{(scratch / "a").string(), (scratch / "b").string() + "/"};
  REQUIRE(run(scratch, "plot",
              runs + Args{"--metric", "train/return", "--metric", "eval/return_mean", "--csv",
                          "all.csv"})
              .status == 0);
  CHECK(text_of(scratch / "all.csv") ==
        "run,seed,time/elapsed,train/return,eval/return_mean\n"
        "a,7,1,10,\na,7,3,30,25\nb,8,1,10,\nb,8,3,30,25\n");
  REQUIRE(run(scratch, "plot", runs + Args{"--svg", "curves.svg"}).status == 0);
  const std::string svg = text_of(scratch / "curves.svg");
  CHECK(count(svg, "<polyline") == 2);
  CHECK(count(svg, ">return while training</text>") == 2);  // the title, too
  CHECK(count(svg, ">wall-clock time (s)</text>") == 1);
  const auto error = [&](const Args& args) { return run(scratch, "plot", args).err; };
  CHECK(error(runs + Args{"--y", "train/retrun", "--svg", "x.svg"})
            .find("did you mean 'train/return'") != std::string::npos);
  CHECK(error({write(scratch, results).string(), "--csv", "x.csv"}).find("is a table already") !=
        std::string::npos);
}

TEST_CASE("runs of several seeds become their mean and its band between random and oracle") {
  const Scratch scratch;
  const auto write_run = [&](const char* run, const char* seed, const char* more,
                             const char* rows) {
    fs::create_directories(scratch / run);
    std::ofstream(scratch / run / "config.toml")
        << "env = \"pendulum_swingup\"\nseed = " << seed << "\n"
        << more;
    std::ofstream(scratch / run / "metrics.csv") << "counter/episodes,time/elapsed,train/return\n"
                                                 << rows;
  };
  write_run("set/seed2", "2", "", "6,1.5,100\n7,2.5,140\n8,9,150\n");
  write_run("set/seed10", "10", "", "6,1,110\n7,2,160\n");
  const std::string set = (scratch / "set").string();
  const Result r =
      run(scratch, "plot", {set, "--svg", "a.svg", "--table", "a.md", "--csv", "a.csv"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  // The third episode of seed 2 alone is no mean of both.
  CHECK(text_of(scratch / "a.md") ==
        "| run | counter/episodes | n | train/return |\n|---|---|---|---|\n"
        "| set | 6 | 2 | 105.0 +- 63.5 |\n| set | 7 | 2 | 150.0 +- 127.1 |\n| set | 8 | 0 | |\n");
  CHECK(text_of(scratch / "a.csv")
            .starts_with("run,seed,counter/episodes,train/"
                         "return\nset,2,6,100\nset,2,7,140\nset,2,8,150\nset,10,6,"));
  const std::string svg = text_of(scratch / "a.svg");
  CHECK(count(svg, "<polyline") == 1);
  CHECK(count(svg, "<polygon") == 1);
  for (const char* text : {"return while training", "episodes", "random", "oracle", "set"})
    CHECK(count(svg, cat(">", text, "</text>")) == 1);
  // One run of them is the same set with one seed; --by seed gives each its line.
  REQUIRE(run(scratch, "plot", {set, "--by", "seed", "--svg", "b.svg"}).status == 0);
  CHECK(count(text_of(scratch / "b.svg"), "<polyline") == 2);
  // Against time the seeds share no value: one interval of it, whose mean of each counts once.
  REQUIRE(run(scratch, "plot", {set, "--against", "time/elapsed", "--bins", "1", "--table", "c.md"})
              .status == 0);
  CHECK(text_of(scratch / "c.md").ends_with("| set | 3.2 | 2 | 132.5 +- 31.8 |\n"));
  // Other options than those of the scale: no lines.
  write_run("other", "1", "action_repeat = 8\n", "6,1,110\n7,2,160\n");
  REQUIRE(run(scratch, "plot", {(scratch / "other").string(), "--svg", "d.svg"}).status == 0);
  CHECK(count(text_of(scratch / "d.svg"), "oracle") == 0);
  const Result none = run(scratch, "plot", {scratch.path().string(), "--svg", "e.svg"});
  CHECK(none.status == 2);
  CHECK(has(none.err, "holds neither a run nor runs of train --seeds"));
}

TEST_CASE("a share has an axis from 0 to 1 whatever its interval is") {
  const Scratch scratch;
  std::ofstream(scratch / "t.csv") << "x,y\n1,0.1\n1,0.9\n2,0.4\n2,0.5\n";
  const auto draw = [&](const Args& more) {
    return run(scratch, "plot", Args{"t.csv", "--x", "x", "--y", "y", "--svg", "t.svg"} + more);
  };
  REQUIRE(draw({}).status == 0);
  CHECK(count(text_of(scratch / "t.svg"), ">-4</text>") == 1);
  REQUIRE(draw({"--y-range", "0,1"}).status == 0);
  const std::string svg = text_of(scratch / "t.svg");
  for (const char* inside : {">0</text>", ">1</text>"})
    CHECK(count(svg, inside) == 2 - (inside[1] == '0'));
  for (const char* outside : {">-0.2</text>", ">1.2</text>"})
    CHECK(count(svg, outside) == (outside[1] == '1'));
  CHECK(count(svg, ">y by x</text>") == 1);
  CHECK(draw({"--y-range", "0,"}).status == 0);
  for (const char* wrong : {"0", ",", "1,0", "a,1"}) {
    CAPTURE(wrong);
    const Result r = draw({"--y-range", wrong});
    CHECK(r.status == 2);
    CHECK(has(r.err, "--y-range is '"));
  }
  CHECK(has(draw({"--bins", "2"}).err, "has no column 'seed'"));
  CHECK(has(draw({"--bins", "-1"}).err, "--bins is -1"));
}

TEST_CASE("plot says what is wrong with a table and with its options") {
  const Scratch scratch;
  const std::string csv = write(scratch, results).string();
  const auto fails = [&](const Args& more, const std::string& sentence) {
    const Result r = run(scratch, "plot", Args{csv} + more);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.err.find(sentence) != std::string::npos);
  };
  const Args table{"--table", "table.md"};
  fails({}, "give --svg FILE, --table FILE or both");
  fails(table, "--y is missing");
  fails(Args{"runs/none"} + table, "runs/none does not exist; give a table (CSV), or run folders");
  fails({"--y", "error", "--svg", "a.svg"}, "--svg needs --x");
  fails(Args{"--y", "eror"} + table, "has no column 'eror' (did you mean 'error'?)");
  fails(Args{"--y", "error", "--where", "model"} + table, "it is NAME=VALUE");
  fails(Args{"--y", "error", "--where", "model=rnn"} + table, "has no rows with model=rnn");
  fails(Args{"--y", "kind"} + table, "results.csv: kind is 'image'");
  const auto error = [](const std::string& text) {
    try {
      CsvTable::parse(text, "t.csv");
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(error("").find("t.csv has no header line") != std::string::npos);
  CHECK(error("a,b\n1,2\n3\n").find("t.csv, line 3 has 1 cells; the header has 2") !=
        std::string::npos);
  CHECK(error("a,a\n").find("two columns 'a'") != std::string::npos);
  PlotOptions options;
  options.x_names = {"one"};
  CHECK_THROWS_AS(svg_plot({{{"a", {{1, 1}}, {}}}, options}), Error);
}
