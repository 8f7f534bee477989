#include "apps/common/foresight/error_curves.hpp"

#include "apps/common/files/text.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"

namespace planet {

ErrorCurve error_curve(const std::string& model, const std::string& measure,
                       std::span<const std::vector<double>> x, std::ptrdiff_t context) {
  require(!x.empty(), "[error_curve] ", measure, " of ", model, " was measured nowhere");
  ErrorCurve out{model, measure, {}, x.size(), context};
  std::vector<double> row(x.size());
  for (std::size_t t = 0; t < x.front().size(); ++t) {
    for (std::size_t i = 0; i < x.size(); ++i) row[i] = x[i].at(t);
    out.rows.push_back(mean_interval(row));
  }
  return out;
}

std::string error_csv(std::span<const ErrorCurve> curves) {
  std::string text = "model,measure,row,horizon,n,mean,low,high\n";
  for (const ErrorCurve& curve : curves)
    for (std::size_t t = 0; t < curve.rows.size(); ++t) {
      const Interval& at = curve.rows[t];
      const std::ptrdiff_t horizon = static_cast<std::ptrdiff_t>(t) - curve.context + 1;
      text += cat(csv_cell(curve.model), ",", curve.measure, ",", t, ",",
                  horizon >= 1 ? std::to_string(horizon) : "", ",", curve.n, ",",
                  write_value(at.mean), ",", at.half ? write_value(at.low()) : "", ",",
                  at.half ? write_value(at.high()) : "", "\n");
    }
  return text;
}

SvgPlot error_plot(std::span<const ErrorCurve> curves, std::span<const std::string> labels,
                   PlotOptions options) {
  std::vector<PlotSeries> series;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    PlotSeries s{labels[i], {}, {}};
    for (std::size_t t = 0; t < curves[i].rows.size(); ++t) {
      const Interval& at = curves[i].rows[t];
      s.points.emplace_back(static_cast<double>(t), at.mean);
      if (at.half) s.band.emplace_back(at.low(), at.high());
    }
    series.push_back(std::move(s));
  }
  const std::ptrdiff_t context = curves.front().context;
  if (context < static_cast<std::ptrdiff_t>(curves.front().rows.size()))
    options.verticals.emplace_back(static_cast<double>(context) - 0.5, "eyes closed");
  options.y_range = {options.y_least = 0};
  return {std::move(series), std::move(options)};
}

std::string model_label(const RunConfig& config, std::span<const std::string> keys) {
  if (keys.empty()) {
    const Field* distance = find_field("overshooting_distance");
    const std::string D = distance == nullptr ? "1" : distance->get(config);
    return config.model.latent_model + (D == "1" ? "" : " D=" + D);
  }
  std::string label;
  for (const std::string& key : keys) {
    const Field* field = find_field(key);
    require(field != nullptr, "there is no field '", key, "' in a run's config",
            did_you_mean(key, field_keys()));
    label += cat(label.empty() ? "" : " ", key, "=", field->get(config));
  }
  return label;
}

}  // namespace planet
