#include "apps/train/metrics.hpp"

#include <algorithm>
#include <cmath>

#include "apps/common/files/text.hpp"
#include "apps/common/options/values.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"

namespace planet {
namespace {

constexpr Metric columns[] = {
    {"counter/updates", "updates of the model's parameters"},
    {"counter/episodes", "episodes collected, including seed episodes"},
    {"counter/decisions", "actions chosen while collecting"},
    {"counter/env_frames", "control steps while collecting: decisions times action repeat"},
    {"train/return", "return of the episode just collected, with exploration noise"},
    {"train/length", "number of decisions in the episode just collected"},
    {"loss/total", "the loss, mean over the round's updates"},
    {"loss/image", "1/2 squared error summed over pixels, mean over the batch"},
    {"loss/reward", "1/2 squared error of the reward, before its weight"},
    {"loss/kl", "KL[q || p] in nats, before the free nats"},
    {"loss/continue", "-ln p(the episode goes on), or of the end where it ended"},
    {"loss/global_kl", "KL[q || N(0, 1)] in nats"},
    {"loss/overshooting", "mean of KL_2 .. KL_D in nats, before the free nats"},
    {"loss/overshooting_reward", "1/2 squared error of the rewards imagined at these distances"},
    {"loss/grad_norm", "global norm of the gradient before clipping"},
    {"eval/return_mean", "mean return of the evaluation, no exploration noise"},
    {"eval/return_std", "standard deviation of the return over the evaluation's episodes"},
    {"eval/score",
     "the mean return, scaled: 0 is random actions, 1 the planner in the true simulator"},
    {"replay/episodes", "episodes in the replay memory"},
    {"replay/frames", "frames in the replay memory"},
    {"replay/bytes", "size of the replay memory in bytes"},
    {"time/elapsed", "wall-clock time of the run in seconds, over all its processes"},
    {"time/fit", "seconds of this round spent in updates"},
    {"time/collect", "seconds spent collecting the episode"},
    {"time/evaluate", "seconds spent in the evaluation"},
};

std::string csv_header() {
  std::string line;
  for (const Metric& m : columns) line += cat(line.empty() ? "" : ",", m.key);
  return line;
}

// The first `lines` whole lines of a file, or an error; what follows them is cut off the file.
void keep_lines(const std::filesystem::path& path, std::int64_t lines, const std::string& header) {
  if (!std::filesystem::exists(path)) {
    require(lines == 0, path.string(), " is missing, and the checkpoint says it has ", lines,
            " rows");
    return;
  }
  const std::string text = read_text(path, std::size_t{1} << 31);
  if (!header.empty() && !text.empty())
    require(plain_text(text.substr(0, text.find('\n') + 1)) == header + "\n", path.string(),
            ": the columns are not those of this version; the run was made by another one");
  const std::int64_t wanted = lines + (header.empty() ? 0 : 1);
  std::size_t end = 0;
  for (std::int64_t i = 0; i < wanted; ++i) {
    const std::size_t next = text.find('\n', end);
    if (next == std::string::npos && lines == 0) break;  // not even the header was written
    require(next != std::string::npos, path.string(), " has ", i - (header.empty() ? 0 : 1),
            " rows, and the checkpoint says ", lines);
    end = next + 1;
  }
  std::filesystem::resize_file(path, end);
}

std::FILE* open_to_append(const std::filesystem::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "ab");
  require(file != nullptr, path.string(), " cannot be written");
  return file;
}

void write_line(std::FILE* file, const std::string& line) {
  const std::string text = line + "\n";
  const bool ok =
      std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  require(ok, "metrics could not be written; is the disk full?");
}

}  // namespace

std::span<const Metric> metric_columns() { return columns; }

MetricsRow& MetricsRow::set(std::string_view key, double value) {
  const auto column = std::find_if(std::begin(columns), std::end(columns),
                                   [&](const Metric& m) { return m.key == key; });
  require(column != std::end(columns), "there is no metric '", key, "'");
  cells_[static_cast<std::size_t>(column - std::begin(columns))] = {true, value};
  return *this;
}

std::string MetricsRow::csv() const {
  std::string line;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (i > 0) line += ',';
    if (cells_[i].measured) line += write_value(cells_[i].value);
  }
  return line;
}

std::string MetricsRow::jsonl() const {
  Json row = Json::object();
  for (std::size_t i = 0; i < cells_.size(); ++i)
    if (cells_[i].measured) row.set(std::string(columns[i].key), cells_[i].value);
  return row.dump();
}

MetricsWriter::MetricsWriter(const std::filesystem::path& folder, std::int64_t rows) : rows_(rows) {
  const std::filesystem::path csv = folder / "metrics.csv", jsonl = folder / "metrics.jsonl";
  keep_lines(csv, rows, csv_header());
  keep_lines(jsonl, rows, "");
  const bool fresh = !std::filesystem::exists(csv) || std::filesystem::file_size(csv) == 0;
  csv_ = open_to_append(csv);
  jsonl_ = open_to_append(jsonl);
  if (fresh) write_line(csv_, csv_header());
}

MetricsWriter::~MetricsWriter() {
  if (csv_ != nullptr) std::fclose(csv_);
  if (jsonl_ != nullptr) std::fclose(jsonl_);
}

void MetricsWriter::write(const MetricsRow& row) {
  write_line(csv_, row.csv());
  write_line(jsonl_, row.jsonl());
  ++rows_;
}

}  // namespace planet
