// A measure per row of the episode, with its interval, as CSV and as a plot. Used by dream
// (intervals over episodes) and compare (intervals over seeds).
//
//   model,measure,row,horizon,n,mean,low,high
//
// horizon numbers the imagined rows from 1 and is empty for rows that were seen. low and high are
// the ends of the 95 % interval over n (report/statistics.hpp), empty when n is 1.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/common/files/svg_plot.hpp"
#include "apps/common/options/run_config.hpp"
#include "apps/common/report/statistics.hpp"

namespace planet {

struct ErrorCurve {
  std::string model, measure;
  std::vector<Interval> rows;  // [T]
  std::size_t n = 0;           // number of values averaged per row
  std::ptrdiff_t context = 0;  // number of rows that were seen
};

/// x is [n][T].
ErrorCurve error_curve(const std::string& model, const std::string& measure,
                       std::span<const std::vector<double>> x, std::ptrdiff_t context);
std::string error_csv(std::span<const ErrorCurve> curves);
/// One line per curve, with a band where it has an interval (cut off at 0, as no error is
/// negative), and a mark where the eyes are closed. labels: one per curve.
SvgPlot error_plot(std::span<const ErrorCurve> curves, std::span<const std::string> labels,
                   PlotOptions options);

/// The label of a model beside others: "rssm", or with latent overshooting over 4 rows "rssm D=4".
/// With keys, those fields of its config: "free_nats=3 seed=1". Error: a key that is no field.
std::string model_label(const RunConfig& config, std::span<const std::string> keys = {});

}  // namespace planet
