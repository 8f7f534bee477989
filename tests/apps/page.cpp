// report.html: what is in it, that it changes no run, and that a browser shows it.
#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <sstream>
#include <thread>

#include "apps/common/files/png.hpp"
#include "apps/common/options/config_file.hpp"
#include "apps/common/page/curves.hpp"
#include "apps/common/page/html.hpp"
#include "apps/common/page/motion.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

std::string page_of(const fs::path& run) { return text_of(run / "report.html"); }

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}

// Nothing runs, nothing is fetched, and it is no larger than was promised.
void check_alone(const std::string& page) {
  CHECK(page.size() <= 5'000'000);
  CHECK(occurrences(page, "<script") == 0);
  CHECK(occurrences(page, "url(") == 0);
  CHECK(occurrences(page, "src=\"") == occurrences(page, "src=\"data:image/png;base64,"));
  CHECK(occurrences(page, "href=\"") == occurrences(page, "href=\"data:,\""));
  CHECK(page.ends_with("</html>\n"));
}

const bool browser_is_here = std::system("command -v chromium >/dev/null 2>&1") == 0;

// The page as a browser of this width in pixels sees it: what it says to its console, what it fetched, and
// whether every picture is there and nothing is wider than the screen. The page stands in a frame, because
// a window has a least width; the question is asked by a script that this copy has.
std::string seen_by_browser(const Scratch& scratch, const fs::path& file, int width) {
  std::string page = text_of(file);
  const std::string policy = "default-src 'none';";
  page.insert(page.find(policy) + policy.size(), "script-src 'unsafe-inline';");
  page.insert(page.find("</body>"), R"(<script>
    window.onload = () => {
      const pictures = [...document.images];
      const missing = pictures.filter(p => !p.complete || p.naturalWidth == 0).length;
      const fetched = performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:'));
      const wide = document.documentElement.scrollWidth > innerWidth;
      parent.postMessage(`pictures ${pictures.length}, missing ${missing}, fetched ${fetched.length}, ` +
                         `too wide ${wide}`, '*');
    };</script>)");
  write_text_atomically(scratch / "asked.html", page);
  write_text_atomically(
      scratch / "frame.html",
      cat("<!DOCTYPE html><body><script>onmessage = e => { document.body.id = e.data; };</script>"
          "<iframe src=\"asked.html\" style=\"width:",
          width, "px;height:4000px\"></iframe>"));
  Args args{"-c", cat("exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
                      "--user-data-dir=profile --disable-background-networking --no-first-run "
                      "--enable-logging=stderr --virtual-time-budget=5000 --dump-dom file://",
                      (scratch / "frame.html").string())};
  const Result r = run(scratch, "/bin/bash", args);
  INFO(r.err);
  CHECK(!has(r.err, ":CONSOLE"));
  std::smatch said;
  REQUIRE(std::regex_search(r.out, said, std::regex("body id=\"([^\"]*)\"")));
  return said[1];
}

}  // namespace

TEST_CASE("text of a page is escaped and its pictures are inside") {
  CHECK(html_text("<b a=\"x\">&'") == "&lt;b a=&quot;x&quot;&gt;&amp;'");
  CHECK(html_text("a\xff"
                  "b\x01") == "a\uFFFDb\uFFFD");
  const std::string text = "Many hands";
  const auto picture = [&](std::size_t n) {
    return html_picture(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), n), "\"", 9);
  };
  CHECK(has(picture(3), "base64,TWFu\" alt=\"&quot;\" style=\"width:9px\""));
  CHECK(has(picture(4), "base64,TWFueQ==\""));
  CHECK(has(picture(5), "base64,TWFueSA=\""));
}

TEST_CASE("pictures in motion are left out until they fit") {
  Rng rng(1, Stream::test);
  const auto noise = [&](std::ptrdiff_t) {
    Image image(64, 64);
    for (std::uint8_t& b : image.rgb) b = static_cast<std::uint8_t>(rng.below(256));
    return image;
  };
  CHECK(motion(100, 0.1, noise).size() <= 700'000);
  CHECK(motion(100, 0.1, noise).size() > 300'000);
  const auto still = [](std::ptrdiff_t) { return Image(16, 16); };
  const auto frames = [](const std::vector<std::uint8_t>& file) {
    return occurrences({file.begin(), file.end()}, "fcTL");
  };
  CHECK(frames(motion(150, 0.1, still)) == 150);
  CHECK(frames(motion(1000, 0.1, still)) == 125);
  CHECK(frames(motion(1, 0.1, still)) == 1);
}

TEST_CASE("a run has a page at each evaluation and no bit of it changes") {
  const Scratch scratch;
  const fs::path plain = scratch / "plain", often = scratch / "often";
  REQUIRE(run(scratch, "train", smallest(plain)).status == 0);
  const Result r = run(scratch, "train", smallest(often, {"--eval-every", "1"}));
  REQUIRE(r.status == 0);
  CHECK(same_tensors(latest(plain) / "model.safetensors", latest(often) / "model.safetensors"));
  CHECK(same_tensors(latest(plain) / "optimizer.safetensors",
                     latest(often) / "optimizer.safetensors"));
  const std::string page = page_of(plain);
  check_alone(page);
  for (const char* words :
       {"after 6 updates and 4 episodes", "the score holds for the task's own settings only",
        "<h2>Curves</h2>", "<h2>The last evaluation</h2>", "<td>1000</td>", "<td>1001</td>",
        " best", " worst", "<h2>In motion</h2>", "<h2>True over reconstructed</h2>",
        "<h2>A dream</h2>", "<h2>A plan</h2>", "<h2>Commands</h2>", "loss", "KL, nats",
        "deter_size = 8"}) {
    INFO(words);
    CHECK(has(page, words));
  }
  // The same page afterwards, from the files alone.
  REQUIRE(run(scratch, "report", {"plain", "--out", "again.html"}).status == 0);
  const std::string again = text_of(scratch / "again.html");
  const auto from = [](const std::string& text) { return text.substr(text.find("<h2>The last")); };
  const std::string shown = from(page).substr(0, from(page).find("<h2>Commands"));
  CHECK(from(again).starts_with(shown));
}

TEST_CASE("names on a page are text") {
  const Scratch scratch;
  const std::string name = "a<i>&\"b\"";
  REQUIRE(run(scratch, "train", smallest(scratch / name)).status == 0);
  const std::string page = page_of(scratch / name);
  CHECK(occurrences(page, "<i>") == 0);
  CHECK(has(page, "a&lt;i&gt;&amp;&quot;b&quot;</h1>"));
}

TEST_CASE("a page that cannot be written ends no training") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  fs::remove(path / "report.html");
  fs::create_directories(path / "report.html" / "occupied");
  const Result r = run(scratch, "train", {"--resume", path.string(), "--total-episodes", "5"});
  CHECK(r.status == 0);
  CHECK(has(r.err, "report.html was not written: "));
  CHECK(has(r.out, "return "));
}

TEST_CASE("a run that was stopped has a page, and its report evaluates it") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  Process process(scratch, "train", smallest(path, {"--total-episodes", "0"}));
  for (int i = 0; i < 4000 && !fs::exists(path / "metrics.jsonl"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  process.signal(SIGINT);
  REQUIRE(process.wait().status == 130);
  const std::string page = page_of(path);
  check_alone(page);
  CHECK(has(page, "not evaluated yet"));
  CHECK(!has(page, "<h2>In motion"));
  // A killed one may leave half a row.
  std::FILE* metrics = std::fopen((path / "metrics.csv").c_str(), "a");
  std::fputs("1,2,3", metrics);
  std::fclose(metrics);
  const Result r = run(scratch, "report", {path.string(), "--episodes", "1"});
  INFO(r.err);
  CHECK(r.status == 0);
  CHECK(has(page_of(path), "over 1 episode without"));
}

TEST_CASE("a page of ten thousand episodes of the largest pictures is small") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train",
              smallest(path, {"--image-size", "64", "--env-option", "time_limit=400"}))
              .status == 0);
  std::string csv = "counter/updates,counter/episodes,train/return,loss/kl,eval/return_mean\n";
  for (int i = 0; i < 10'000; ++i)
    csv += cat(i * 100, ",", i, ",", std::sin(0.01 * i), ",", i % 7, ",", i % 10 ? "" : "1", "\n");
  write_text_atomically(path / "metrics.csv", csv + "1,2,nan,inf,\n");
  REQUIRE(run(scratch, "report", {path.string(), "--episodes", "2"}).status == 0);
  const std::string page = page_of(path);
  check_alone(page);
  CHECK(page.size() > 100'000);
  static const std::regex line("<polyline[^>]*points=\"([^\"]*)\"");
  for (std::sregex_iterator it(page.begin(), page.end(), line), end; it != end; ++it) {
    const std::string points = (*it)[1];
    CHECK(std::ranges::count(points, ' ') < 300);
  }
}

TEST_CASE("report says what is wrong") {
  const Scratch scratch;
  REQUIRE(run(scratch, "train", smallest(scratch / "run")).status == 0);
  fs::copy(latest(scratch / "run") / "model.safetensors", scratch / "alone.safetensors");
  const auto says = [&](const Args& args, const std::string& words) {
    const Result r = run(scratch, "report", args);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(has(r.err, words));
  };
  says({}, "RUN|CHECKPOINT");
  says({"nowhere"}, "does not exist");
  says({"alone.safetensors"}, "is a model alone, with no run around it; say with --out FILE");
  says({"run", "--episodes", "0"}, "--episodes is 0; it must be at least 1");
  says({"run", "--out", "x.pdf"}, "name it *.html");
  says({"run", "--episods", "2"}, "did you mean '--episodes'");
  CHECK(
      run(scratch, "report", {"alone.safetensors", "--out", "a.html", "--episodes", "1"}).status ==
      0);
  CHECK(!has(text_of(scratch / "a.html"), "<h2>Curves"));
}

TEST_CASE("a browser shows every picture of a page, fetches nothing and says nothing" *
          doctest::skip(!browser_is_here)) {
  const Scratch scratch;
  REQUIRE(run(scratch, "train", smallest(scratch / "run")).status == 0);
  REQUIRE(run(scratch, "train", smallest(scratch / "other", {"--seed", "2", "--model", "ssm"}))
              .status == 0);
  REQUIRE(run(scratch, "compare", {"run", "other", "--out", "both", "--context", "4"}).status == 0);
  for (const char* page : {"run/report.html", "both/report.html"})
    for (const int width : {1280, 400}) {
      CAPTURE(page);
      CAPTURE(width);
      const std::size_t pictures = occurrences(text_of(scratch / page), "<img ");
      CHECK(pictures >= 1);
      CHECK(has(seen_by_browser(scratch, scratch / page, width),
                cat("pictures ", pictures, ", missing 0, fetched 0, too wide false")));
    }
}
