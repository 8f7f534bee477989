#include "apps/bench/report.hpp"

#include <algorithm>
#include <cstdio>

#include "apps/common/options/version.hpp"

namespace planet::bench {
namespace {

std::string time_text(double seconds) {
  char text[32];
  if (seconds >= 1) std::snprintf(text, sizeof text, "%.3f s", seconds);
  else if (seconds >= 1e-3) std::snprintf(text, sizeof text, "%.2f ms", seconds * 1e3);
  else std::snprintf(text, sizeof text, "%.2f us", seconds * 1e6);
  return text;
}

}  // namespace

void print_machine(const Machine& m) {
  std::printf(
      "%s\n%s, %s\n%d thread%s: peak %.0f GFLOP/s (fused multiply-adds in registers), %.1f GB/s "
      "(triad)\n",
      version_text().c_str(), m.cpu.c_str(), m.simd.c_str(), m.threads, m.threads == 1 ? "" : "s",
      m.peak_flops * 1e-9, m.bandwidth * 1e-9);
}

void print_results(const std::string& title, const std::vector<Result>& results, const Machine& m) {
  std::size_t width = title.size();
  for (const Result& r : results) width = std::max(width, r.name.size());
  const bool blas =
      std::any_of(results.begin(), results.end(), [](const Result& r) { return r.reference > 0; });
  const bool elements = !results.empty() && results.front().elements > 0;
  std::printf("\n%-*s  %10s %10s %s %8s%s\n", static_cast<int>(width), title.c_str(), "median",
              "best", elements ? "ns/element" : "  GFLOP/s  of peak", "allocs",
              blas ? "  OpenBLAS  ours/OpenBLAS" : "");
  for (const Result& r : results) {
    std::printf("%-*s  %10s %10s ", static_cast<int>(width), r.name.c_str(),
                time_text(r.timing.median).c_str(), time_text(r.timing.best).c_str());
    if (elements) std::printf("%10.3f", r.timing.median / r.elements * 1e9);
    else
      std::printf("%9.1f %7.1f%%", r.flops / r.timing.median * 1e-9,
                  100 * r.flops / r.timing.median / m.peak_flops);
    std::printf(" %8s", count_text(r.timing.allocations).c_str());
    if (r.reference > 0)
      std::printf("%10s %9.2fx speed", time_text(r.reference).c_str(),
                  r.reference / r.timing.median);
    std::printf("\n");
  }
}

Json to_json(const Machine& m, const std::vector<Result>& results) {
  Json machine = Json::object();
  machine.set("cpu", m.cpu);
  machine.set("simd", m.simd);
  machine.set("threads", m.threads);
  machine.set("peak_flops", m.peak_flops);
  machine.set("bandwidth", m.bandwidth);
  Json::Array rows;
  for (const Result& r : results) {
    Json row = Json::object();
    row.set("group", r.group);
    row.set("name", r.name);
    row.set("median_seconds", r.timing.median);
    row.set("best_seconds", r.timing.best);
    row.set("runs", r.timing.runs);
    row.set("allocations", r.timing.allocations < 0 ? Json() : Json(r.timing.allocations));
    if (r.flops > 0)
      row.set("flops", r.flops).set("share_of_peak", r.flops / r.timing.median / m.peak_flops);
    if (r.elements > 0) row.set("ns_per_element", r.timing.median / r.elements * 1e9);
    if (r.reference > 0) row.set("openblas_seconds", r.reference);
    rows.push_back(std::move(row));
  }
  Json all = Json::object();
  all.set("version", version_text());
  all.set("machine", std::move(machine));
  all.set("results", Json(std::move(rows)));
  all.set("peak_memory_bytes", peak_memory());
  return all;
}

}  // namespace planet::bench
